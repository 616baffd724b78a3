//! Spans and events of crates that use `tracing`, in one tree with annotated functions; their ids in log lines.
//!
//! Run: `cargo run --example tracing_layer`.
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracer_runtime::{TraceContextFormat, testing, traced, tracing_layer};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

/// Stands for a crate that knows nothing of ours, such as a database driver.
mod driver {
    use tracing::{Instrument as _, debug, info_span, trace_span};

    pub(crate) async fn query(statement: &str) -> u32 {
        let span = info_span!(
            target: "driver",
            "query",
            db.system = "postgresql",
            db.statement = statement,
            db.response.returned_rows = tracing::field::Empty,
        );
        async {
            trace_span!("encode").in_scope(|| {});
            tokio::task::yield_now().await;
            debug!(target: "driver", bytes = 12, "answered");
            tracing::Span::current().record("db.response.returned_rows", 1);
            1
        }
        .instrument(span)
        .await
    }
}

#[traced]
async fn place_order() {
    let stock = driver::query("SELECT count FROM stock").await;
    tracing::info!(target: "shop", stock, "placed");
}

/// Lines that a test can read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let lines = Lines::default();
    let log = fmt::layer()
        .without_time()
        .with_ansi(false)
        .with_writer(Mutex::new(lines.clone()))
        .map_event_format(TraceContextFormat::text);
    // Without a filter it would take `trace` too.
    let ours = tracing_layer().with_filter(LevelFilter::DEBUG);
    let subscriber = tracing_subscriber::registry()
        .with(log.with_filter(LevelFilter::INFO))
        .with(ours);
    tracing::subscriber::set_global_default(subscriber)?;

    let capture = testing::capture();
    place_order().await;
    let tree = capture.tree();
    print!("{tree}");
    let expected = r#"place_order [ok]
  query [ok] {db.system.name="postgresql", db.query.text="SELECT count FROM stock", db.response.returned_rows=1}
    * answered {level="DEBUG", target="driver", bytes=12}
  * placed {level="INFO", target="shop", stock=1}
"#;
    assert_eq!(tree, expected);

    let written = lines
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let written = String::from_utf8(written)?;
    print!("{written}");
    let span = &capture.spans()[0];
    let ids = format!(
        "trace_id={} span_id={} trace_flags=01 ",
        span.trace_id, span.span_id
    );
    assert!(written.starts_with(&ids), "{written}");
    assert!(
        written.ends_with("INFO place_order: shop: placed stock=1\n"),
        "{written}"
    );
    Ok(())
}
