//! What the exporter's own crates say of an export is not exported: each export would make another one.
#![cfg(all(feature = "otlp", feature = "tracing"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::Duration;

use support::receiver::Receiver;
use tracer_runtime::traced;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[traced]
fn work() {
    tracing::trace_span!("of a crate").in_scope(|| tracing::trace!("said"));
}

#[test]
fn an_export_causes_no_other() {
    let receiver = Receiver::default();
    tracing_subscriber::registry()
        .with(tracer_runtime::tracing_layer())
        .init();
    let telemetry = tracer_runtime::builder()
        .with_otlp_endpoint(receiver.start())
        .with_otlp_logs()
        .init()
        .unwrap();
    for _ in 0..3 {
        work();
        // Metrics have no receiver.
        let _ = telemetry.flush(Duration::from_secs(10));
    }
    let _ = telemetry.shutdown(Duration::from_secs(10));
    let received = receiver.received();
    let mut names: Vec<_> = received.spans.iter().map(|span| &*span.name).collect();
    names.sort_unstable();
    let expected = ["of a crate"; 3].into_iter().chain(["work"; 3]);
    assert!(expected.eq(names.iter().copied()), "{names:?}");
    assert_eq!(received.logs.len(), 3, "{:?}", received.logs);
}
