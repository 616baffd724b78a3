//! The ids of a call are those of the span that the layer exports.

use http::HeaderMap;
use opentelemetry_sdk::trace::Sampler;
use tracer_runtime::{Context, propagation, traced};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, filter, registry};

use crate::layers::{Both, beside, named, ours, theirs};

#[traced]
fn outer() -> [String; 3] {
    let said = everywhere();
    inner();
    inner();
    assert_eq!(said, everywhere());
    said
}

#[traced]
fn inner() -> [String; 3] {
    everywhere()
}

#[traced(args(id))]
fn with_fields(id: u8) -> [String; 3] {
    let _ = id;
    everywhere()
}

#[traced(fields(first = of_field()))]
fn with_a_call_in_its_fields() {
    inner();
}

#[traced]
fn of_field() -> u8 {
    1
}

#[tracing::instrument]
fn between(run: fn() -> [String; 3]) -> [String; 3] {
    run()
}

#[traced]
fn around() -> [String; 3] {
    between(inner)
}

/// As `current_ids`, what is written to the next service, and the API have them.
fn everywhere() -> [String; 3] {
    let mut headers = HeaderMap::new();
    propagation::inject(&mut headers);
    let written = headers["traceparent"].to_str().unwrap();
    let context = Context::current();
    assert!(ours().contains(&context.span_id().to_string()));
    [ours(), written.to_owned(), theirs()]
}

fn all_alike(ids: &[String; 3]) {
    assert!(ids.iter().all(|one| *one == ids[0]), "{ids:?}");
}

#[test]
fn every_call_is_exported_once_with_the_ids_that_we_say() {
    let mut said = Default::default();
    let both = beside(|| said = outer());
    assert_eq!(both.exported().len(), 3);
    all_alike(&said);
    assert_eq!(said[0], named(&both.one("outer").span_context));
    both.assert_same();
    assert_eq!(
        both.capture.tree(),
        "outer [ok]\n  inner [ok]\n  inner [ok]\n"
    );
}

#[test]
fn a_call_that_waits_for_its_fields_has_them_too() {
    let mut said = Default::default();
    let both = beside(|| {
        said = with_fields(3);
        with_a_call_in_its_fields();
    });
    all_alike(&said);
    assert_eq!(said[0], named(&both.one("with_fields").span_context));
    assert_eq!(
        both.capture.tree(),
        "with_fields [ok] {id=3}\nwith_a_call_in_its_fields [ok] {first=1}\n  of_field [ok]\n  inner [ok]\n"
    );
}

#[test]
fn functions_of_tracing_between_ours_are_in_the_same_trace() {
    let mut said = Default::default();
    let both = beside(|| said = around());
    all_alike(&said);
    let [around, between, inner] = ["around", "between", "inner"].map(|name| both.one(name));
    assert_eq!(said[0], named(&inner.span_context));
    assert_eq!(between.parent_span_id, around.span_context.span_id());
    assert_eq!(inner.parent_span_id, between.span_context.span_id());
    // What is current in between is what is exported.
    let below = both.capture.spans();
    assert_eq!(
        below[1].parent_id.to_string(),
        between.span_context.span_id().to_string()
    );
}

#[test]
fn a_function_of_tracing_outside_is_the_parent_of_the_first_call() {
    let mut said = Default::default();
    let both = beside(|| said = between(outer));
    all_alike(&said);
    let [between, outer] = ["between", "outer"].map(|name| both.one(name));
    assert_eq!(said[0], named(&outer.span_context));
    assert_eq!(outer.parent_span_id, between.span_context.span_id());
    assert_eq!(
        outer.span_context.trace_id(),
        between.span_context.trace_id()
    );
}

#[test]
fn what_the_sampler_leaves_out_is_said_to_be_left_out() {
    let both = Both::new(Sampler::AlwaysOff);
    let subscriber = registry().with(both.layer());
    let said = with_default(subscriber, outer);
    all_alike(&said);
    assert!(said[0].ends_with("-00"), "{said:?}");
    assert!(both.exported().is_empty());
}

#[test]
fn a_layer_that_attaches_no_contexts_is_asked() {
    let both = Both::new(Sampler::AlwaysOn);
    let layer = both.layer().with_context_activation(false);
    let said = with_default(registry().with(layer), outer);
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], named(&both.one("outer").span_context));
    both.assert_same();
}

#[test]
fn calls_that_a_filter_keeps_from_the_layer_keep_their_own_ids() {
    let both = Both::new(Sampler::AlwaysOn);
    let layer = both
        .layer()
        .with_filter(filter::filter_fn(|metadata| metadata.name() != "outer"));
    let said = with_default(registry().with(layer), outer);
    assert_eq!(said[0], said[1]);
    let exported = both.exported();
    assert_eq!(exported.len(), 2);
    let parent = &both.capture.spans()[0];
    for span in exported {
        assert_eq!(
            span.span_context.trace_id().to_string(),
            parent.trace_id.to_string()
        );
        assert_eq!(span.parent_span_id.to_string(), parent.span_id.to_string());
    }
}

#[test]
fn a_layer_in_a_box_and_one_that_can_be_reloaded_give_ids_too() {
    let both = Both::new(Sampler::AlwaysOn);
    let said = with_default(registry().with(both.layer().boxed()), outer);
    assert_eq!(said[0], named(&both.one("outer").span_context));

    let both = Both::new(Sampler::AlwaysOn);
    let (layer, _handle) = tracing_subscriber::reload::Layer::new(both.layer());
    let said = with_default(registry().with(layer), outer);
    all_alike(&said);
    assert_eq!(said[0], named(&both.one("outer").span_context));
    both.assert_same();
}

#[test]
fn without_such_a_layer_the_ids_are_our_own() {
    let both = Both::new(Sampler::AlwaysOn);
    let [ours, written, _] = with_default(registry(), outer);
    assert_eq!(ours, written);
    assert!(both.exported().is_empty());
    let noop = tracing_opentelemetry::layer();
    let [ours, written, _] = with_default(registry().with(noop), outer);
    assert_eq!(ours, written);
}
