//! Spans and events of crates that use `tracing`, in our trees.
#![allow(clippy::unwrap_used, reason = "tests")]

mod bad_input;
mod crates;
mod events;
mod fields;
mod format;
mod metrics;
mod once;
mod outcome;
mod tasks;
mod tree;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

/// A registry with our layer.
fn subscriber() -> impl tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync {
    tracing_subscriber::registry().with(tracer_runtime::tracing_layer())
}

/// What a capture sees of `run` under the layer.
fn tree(run: impl FnOnce()) -> String {
    let capture = tracer_runtime::testing::capture();
    tracing::subscriber::with_default(subscriber(), run);
    capture.tree()
}

/// The spans that a capture sees of `run` under the layer.
fn spans(run: impl FnOnce()) -> Vec<tracer_runtime::testing::CapturedSpan> {
    let capture = tracer_runtime::testing::capture();
    tracing::subscriber::with_default(subscriber(), run);
    capture.spans()
}
