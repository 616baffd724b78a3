//! A parent that the layer cannot find by itself is told to it, and no span gets a wrong one.

use http::HeaderMap;
use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::Sampler;
use tracer_runtime::{Context, traced};
use tracing::Dispatch;
use tracing::dispatcher::with_default;
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, SetParentError};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{registry, reload};

use crate::layers::{Both, beside, named, ours};

#[traced(server)]
fn serve(headers: &HeaderMap) -> String {
    assert!(!headers.is_empty());
    leaf()
}

#[traced]
fn leaf() -> String {
    ours()
}

#[traced(parent = context)]
fn below(context: Context) {
    leaf();
}

#[traced(root)]
fn alone() {}

#[traced]
fn outer() -> Context {
    alone();
    Context::current()
}

fn caller(flags: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let parent = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
    headers.insert("traceparent", parent.parse().unwrap());
    headers.insert("tracestate", "vendor=x".parse().unwrap());
    headers
}

#[test]
fn the_layers_trace_joins_that_of_the_caller() {
    let mut inside = String::new();
    let both = beside(|| inside = serve(&caller("01")));
    let [serve, leaf] = ["serve", "leaf"].map(|name| both.one(name));
    assert_eq!(
        serve.span_context.trace_id().to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(serve.parent_span_id.to_string(), "b7ad6b7169203331");
    assert!(serve.parent_span_is_remote);
    assert_eq!(serve.span_context.trace_state().header(), "vendor=x");
    assert_eq!(leaf.parent_span_id, serve.span_context.span_id());
    assert_eq!(inside, named(&leaf.span_context));
    both.assert_same();
}

#[test]
fn a_caller_who_does_not_sample_is_followed() {
    let both = Both::new(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)));
    let dispatch = Dispatch::new(registry().with(both.layer()));
    let inside = with_default(&dispatch, || serve(&caller("00")));
    assert!(both.exported().is_empty());
    assert!(inside.starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    assert!(inside.ends_with("-00"));
}

#[test]
fn a_context_is_the_parent_while_its_span_is_open_and_after() {
    let both = beside(|| {
        let context = outer();
        below(context);
    });
    let [outer, below, alone] = ["outer", "below", "alone"].map(|name| both.one(name));
    assert_eq!(below.parent_span_id, outer.span_context.span_id());
    assert_eq!(below.span_context.trace_id(), outer.span_context.trace_id());
    assert_ne!(alone.span_context.trace_id(), outer.span_context.trace_id());
    both.assert_same();
}

#[test]
fn spans_of_the_api_are_in_between() {
    #[traced]
    fn first() -> String {
        ours()
    }
    let both = Both::new(Sampler::AlwaysOn);
    let tracer = both.provider.tracer("api");
    let dispatch = Dispatch::new(registry().with(both.layer()));
    with_default(&dispatch, || {
        first();
        tracer.in_span("by the api", |context| {
            assert!(context.span().is_recording());
            leaf();
        });
    });
    let [api, leaf] = ["by the api", "leaf"].map(|name| both.one(name));
    assert_eq!(leaf.parent_span_id, api.span_context.span_id());
    let captured = both.capture.spans();
    assert_eq!(
        captured[1].parent_id.to_string(),
        api.span_context.span_id().to_string()
    );
    assert_eq!(
        captured[1].trace_id.to_string(),
        api.span_context.trace_id().to_string()
    );
}

#[test]
fn a_span_that_runs_keeps_its_parent() {
    #[traced]
    fn asks() -> Result<(), SetParentError> {
        tracing::Span::current().set_parent(OtelContext::new())
    }
    let mut said = Ok(());
    let both = beside(|| said = asks());
    assert!(matches!(said, Err(SetParentError::AlreadyStarted)));
    both.assert_same();
}

#[test]
fn a_layer_that_comes_and_goes_leaves_each_call_with_one_parent() {
    #[traced]
    fn around(inside: impl FnOnce()) {
        inside();
        leaf();
    }
    // The layer leaves its context attached, and the thread's end ends that span.
    let both = Both::in_batches();
    let (layer, handle) = reload::Layer::new(Some(both.layer()));
    let dispatch = Dispatch::new(registry().with(layer));
    with_default(&dispatch, || {
        // It goes while the call runs, and comes back while another one does.
        around(|| handle.reload(None).unwrap());
        around(|| handle.reload(Some(both.layer())).unwrap());
        leaf();
    });
    let tree = "around [ok]\n  leaf [ok]\naround [ok]\n  leaf [ok]\nleaf [ok]\n";
    assert_eq!(both.capture.tree(), tree);
    let last = both.exported().pop().unwrap();
    assert_eq!(last.name, "leaf");
    let captured = both.capture.spans().pop().unwrap();
    assert_eq!(
        captured.span_id.to_string(),
        last.span_context.span_id().to_string()
    );
}

#[test]
fn a_subscriber_that_is_swapped_for_another_in_a_call_does_no_harm() {
    let (one, other) = (Both::new(Sampler::AlwaysOn), Both::new(Sampler::AlwaysOn));
    let dispatch = |both: &Both| Dispatch::new(registry().with(both.layer()));
    let (first, second) = (dispatch(&one), dispatch(&other));
    #[traced]
    fn around(other: &Dispatch) {
        with_default(other, leaf);
        leaf();
    }
    with_default(&first, || around(&second));
    assert_eq!(one.exported().len() + other.exported().len(), 3);
    let around = one.one("around");
    assert_eq!(
        one.one("leaf").parent_span_id,
        around.span_context.span_id()
    );
    let elsewhere = other.one("leaf");
    assert_eq!(elsewhere.parent_span_id, around.span_context.span_id());
    assert_eq!(
        elsewhere.span_context.trace_id(),
        around.span_context.trace_id()
    );
}
