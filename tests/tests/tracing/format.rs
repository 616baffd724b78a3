//! The ids in log lines.

use std::io;
use std::sync::{Arc, Mutex};

use tracer_runtime::{TraceContextFormat, current_ids, testing, traced};
use tracing::{info, info_span};
use tracing_subscriber::Registry;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt as _};

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written of `run` in this format.
fn lines<L>(layer: impl FnOnce(Written) -> L, run: impl FnOnce()) -> Vec<String>
where
    L: Layer<Registry> + Send + Sync,
{
    let written = Written::default();
    let subscriber = tracing_subscriber::registry()
        .with(layer(written.clone()))
        .with(tracer_runtime::tracing_layer());
    let _capture = testing::capture();
    tracing::subscriber::with_default(subscriber, run);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The ids as text lines have them.
fn as_text() -> String {
    let ids = current_ids().unwrap();
    let flags = u8::from(ids.sampled);
    format!(
        "trace_id={} span_id={} trace_flags={flags:02x} ",
        ids.trace_id, ids.span_id
    )
}

fn text(written: Written) -> impl Layer<Registry> + Send + Sync {
    fmt::layer()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(Mutex::new(written))
        .map_event_format(TraceContextFormat::text)
}

#[test]
fn text_lines_begin_with_the_ids_inside_a_trace_only() {
    #[traced]
    fn work(ids: &mut Vec<String>) {
        ids.push(as_text());
        info!("in ours");
        info_span!("theirs").in_scope(|| {
            ids.push(as_text());
            info!("in theirs");
        });
    }
    let mut ids = Vec::new();
    let lines = lines(text, || {
        info!("outside");
        work(&mut ids);
        info!("after");
    });
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[0].trim_start(), "INFO outside");
    assert!(lines[1].starts_with(&ids[0]), "{lines:?} {ids:?}");
    assert!(lines[1].ends_with("in ours"), "{lines:?}");
    assert!(lines[2].starts_with(&ids[1]), "{lines:?} {ids:?}");
    assert_ne!(ids[0], ids[1]);
    assert_eq!(lines[3].trim_start(), "INFO after");
}

#[test]
fn json_lines_have_the_ids_as_members_inside_a_trace_only() {
    let mut ids = String::new();
    let json = |written| {
        fmt::layer()
            .json()
            .with_writer(Mutex::new(written))
            .map_event_format(TraceContextFormat::json)
    };
    let lines = lines(json, || {
        info!("outside");
        info_span!("theirs").in_scope(|| {
            let now = current_ids().unwrap();
            let flags = u8::from(now.sampled);
            ids = format!(
                "{{\"trace_id\":\"{}\",\"span_id\":\"{}\",\"trace_flags\":\"{flags:02x}\",\"",
                now.trace_id, now.span_id
            );
            info!(id = 7, "inside");
        });
    });
    assert!(lines[0].starts_with("{\"timestamp\":"), "{lines:?}");
    assert!(!lines[0].contains("trace_id"), "{lines:?}");
    assert!(lines[1].starts_with(&ids), "{lines:?} {ids}");
    assert!(
        lines[1].contains("\"message\":\"inside\"") && lines[1].ends_with('}'),
        "{lines:?}"
    );
}

#[test]
fn an_event_that_names_its_span_has_that_ones_ids() {
    let mut ids = String::new();
    let lines = lines(text, || {
        let other = info_span!("other");
        other.in_scope(|| ids = as_text());
        info_span!("current").in_scope(|| {
            info!(parent: &other, "of the other");
            info!(parent: None, "of none");
        });
    });
    assert!(lines[0].starts_with(&ids), "{lines:?} {ids}");
    assert!(!lines[1].contains("trace_id"), "{lines:?}");
}
