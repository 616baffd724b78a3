//! Starting where a thread has a subscriber of its own.
#![cfg(feature = "tracing")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use tracing_subscriber::util::SubscriberInitExt as _;

#[test]
fn init_works_under_a_subscriber_of_one_thread() {
    let _scoped = tracing_subscriber::registry().set_default();
    let telemetry = tracer_runtime::builder().init();
    assert!(telemetry.is_ok(), "{telemetry:?}");
}
