//! What we record of a call is on the layer's span, and what is said to that span by its own extension.

use opentelemetry::trace::{
    Link as OtelLink, SpanContext, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceState,
};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use tracer_runtime::{Link, SpanId, TraceId, checkpoint, event, record, set_error, traced};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::layers::{beside, named, ours};

fn value<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    let mut all = span.attributes.iter().filter(|a| a.key.as_str() == key);
    let found = all.next();
    assert!(all.next().is_none(), "{key} is there twice");
    found.map(|attribute| &attribute.value)
}

fn other() -> SpanContext {
    SpanContext::new(
        7_u128.into(),
        9_u64.into(),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    )
}

#[traced(args(id), fields(rows))]
fn records(id: i64) {
    record("rows", 3);
    record("undeclared", "x");
    event!("reserved", warehouse = "north");
    checkpoint!("halfway");
    let _ = id;
}

#[test]
fn what_is_recorded_is_there_once_declared_or_not() {
    let both = beside(|| records(4));
    let span = both.one("records");
    assert_eq!(value(&span, "id"), Some(&Value::I64(4)));
    assert_eq!(value(&span, "rows"), Some(&Value::I64(3)));
    assert_eq!(value(&span, "undeclared"), Some(&Value::from("x")));
    let names: Vec<_> = span
        .events
        .iter()
        .map(|event| event.name.as_ref())
        .collect();
    assert_eq!(names, ["reserved", "halfway"]);
    let said = &span.events[0].attributes;
    assert_eq!(said, &[KeyValue::new("warehouse", "north")]);
    assert!(span.events[0].timestamp >= span.start_time);
    assert!(span.events[1].timestamp <= span.end_time);
    assert_eq!(span.status, Status::Unset);
}

#[traced]
fn fails() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[traced]
fn says_that_it_failed() {
    set_error(&std::fmt::Error);
}

#[traced]
fn panics() {
    panic!("on purpose");
}

#[test]
fn a_call_that_failed_has_a_status_and_says_why() {
    let both = beside(|| {
        let _ = fails();
        says_that_it_failed();
        let _ = std::panic::catch_unwind(panics);
    });
    let message = std::fmt::Error.to_string();
    for name in ["fails", "says_that_it_failed"] {
        let span = both.one(name);
        assert_eq!(span.status, Status::error(message.clone()));
        assert_eq!(
            value(&span, "error.type"),
            Some(&Value::from("core::fmt::Error"))
        );
        let [exception] = &span.events[..] else {
            panic!("{:?}", span.events);
        };
        assert_eq!(exception.name, "exception");
        assert!(
            exception
                .attributes
                .contains(&KeyValue::new("exception.message", message.clone()))
        );
    }
    let span = both.one("panics");
    assert!(matches!(span.status, Status::Error { .. }));
    assert_eq!(value(&span, "error.type"), Some(&Value::from("panic")));
    both.assert_same();
}

#[traced(kind = client, links = [Link::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]), true)])]
fn linked() {}

#[traced]
fn first() {}

#[test]
fn its_kind_and_its_links_are_there() {
    let both = beside(|| {
        first();
        linked();
    });
    assert_eq!(both.one("first").span_kind, SpanKind::Internal);
    let span = both.one("linked");
    assert_eq!(span.span_kind, SpanKind::Client);
    let [link] = &span.links[..] else {
        panic!("{:?}", span.links);
    };
    assert_eq!(link.span_context.span_id().to_string(), "0202020202020202");
}

#[traced]
fn extended() -> [String; 2] {
    let span = tracing::Span::current();
    span.set_attribute("by.extension", true);
    span.add_link(other());
    span.add_event("said", vec![KeyValue::new("n", 1)]);
    let context = span.context();
    [ours(), named(context.span().span_context())]
}

#[traced]
fn says_its_status() {
    tracing::Span::current().set_status(Status::Ok);
}

#[test]
fn the_extension_of_spans_works_on_ours() {
    let mut said = Default::default();
    let both = beside(|| {
        said = extended();
        says_its_status();
    });
    let span = both.one("extended");
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], named(&span.span_context));
    assert_eq!(value(&span, "by.extension"), Some(&Value::Bool(true)));
    assert_eq!(span.events[0].name, "said");
    let links: Vec<OtelLink> = span.links.iter().cloned().collect();
    assert_eq!(links[0].span_context, other());
    assert_eq!(both.one("says_its_status").status, Status::Ok);
    both.assert_same();
}
