//! A subscriber that has our layer alone makes no spans of annotated functions.
//!
//! A process of its own: what one subscriber is interested in, `tracing` asks of every subscriber of the process.

use tracer_runtime::{testing, traced};
use tracing_subscriber::layer::SubscriberExt as _;

#[traced]
fn alone() -> bool {
    tracing::Span::current().is_none()
}

#[test]
fn our_layer_alone_asks_for_no_spans_of_annotated_functions() {
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry().with(tracer_runtime::tracing_layer());
    let (first, second) = tracing::subscriber::with_default(subscriber, || (alone(), alone()));
    assert!(first && second, "the subscriber made a span");
    assert_eq!(capture.tree(), "alone [ok]\nalone [ok]\n");
}
