//! With our layer for the spans of other crates in the same subscriber.

use opentelemetry_sdk::trace::Sampler;
use tracer_runtime::{traced, tracing_layer};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::layers::Both;

#[traced]
fn outer() {
    theirs();
}

#[tracing::instrument]
fn theirs() {
    inner();
}

#[traced]
fn inner() {}

/// Calls that could not take over the layer's ids, in the whole process.
fn not_taken() -> u64 {
    let text = tracer_runtime::metrics::encode();
    let line = "tracer_tracing_errors_total{reason=\"ids_not_taken\"} ";
    let value = text.lines().find_map(|l| l.strip_prefix(line));
    value.map_or(0, |value| value.parse().unwrap())
}

fn check(both: &Both, dispatch: &Dispatch) {
    let before = not_taken();
    with_default(dispatch, || {
        outer();
        outer();
        theirs();
    });
    // The last one is in a trace of our own, which another crate's span has begun.
    assert!(not_taken() > before);
    let tree = "outer [ok]\n  theirs [ok]\n    inner [ok]\n";
    let alone = "theirs [ok]\n  inner [ok]\n";
    assert_eq!(both.capture.tree(), format!("{tree}{tree}{alone}"));
    let exported = both.exported();
    assert_eq!(exported.len(), 8);
    let captured = both.capture.spans();
    // Of each trace that an annotated function has begun.
    for exported in exported.iter().take(6).filter(|span| span.name != "theirs") {
        let same = captured
            .iter()
            .find(|span| span.span_id.to_string() == exported.span_context.span_id().to_string());
        let trace = exported.span_context.trace_id().to_string();
        assert_eq!(same.unwrap().trace_id.to_string(), trace);
    }
}

#[test]
fn the_tree_is_whole_and_annotated_functions_have_the_layers_ids() {
    let both = Both::new(Sampler::AlwaysOn);
    let dispatch = Dispatch::new(registry().with(both.layer()).with(tracing_layer()));
    check(&both, &dispatch);
}

#[test]
fn whichever_layer_comes_first() {
    let both = Both::new(Sampler::AlwaysOn);
    let layer = tracing_opentelemetry::layer();
    let tracer = opentelemetry::trace::TracerProvider::tracer(&both.provider, "test");
    let dispatch = Dispatch::new(
        registry()
            .with(tracing_layer())
            .with(layer.with_tracer(tracer)),
    );
    check(&both, &dispatch);
}
