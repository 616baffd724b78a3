//! Annotated functions in a `tracing` subscriber, beside the spans and events of other crates.
//!
//! Run: `cargo run --example subscriber`. It needs no `init`: that is for what this crate records itself.
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracer_runtime::{record, traced};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt, reload};

#[traced(args(id), fields(rows))]
fn order(id: u64) {
    reserve(2);
    record("rows", 3);
}

/// Of another crate, perhaps.
#[tracing::instrument]
fn reserve(pieces: u8) {
    pack();
}

#[traced(level = "debug")]
fn pack() {
    tracing::info!("packed");
}

/// What was written, to be looked at.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> String {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&std::mem::take(&mut *bytes)).into_owned();
        print!("{text}");
        text
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let lines = Lines::default();
    let writer = lines.clone();
    let (filter, handle) = reload::Layer::new(EnvFilter::new("info"));
    let layer = fmt::layer()
        .without_time()
        .with_ansi(false)
        .with_span_events(FmtSpan::NEW)
        .with_writer(move || writer.clone());
    tracing_subscriber::registry()
        .with(filter)
        .with(layer)
        .try_init()?;

    order(7);
    assert_eq!(
        lines.take(),
        concat!(
            " INFO order{id=7}: subscriber: new\n",
            " INFO order{id=7}:reserve{pieces=2}: subscriber: new\n",
            " INFO order{id=7}:reserve{pieces=2}: subscriber: packed\n",
        )
    );

    // While it runs: the filter is the subscriber's own.
    handle.reload(EnvFilter::new("debug"))?;
    order(8);
    assert!(
        lines
            .take()
            .contains("DEBUG order{id=8}:reserve{pieces=2}:pack: subscriber: new")
    );

    handle.reload(EnvFilter::new("off"))?;
    order(9);
    assert_eq!(lines.take(), "");
    Ok(())
}
