//! Spans of the API and of annotated calls in one tree.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    FutureExt as _, Link as OtelLink, Span as _, SpanBuilder, SpanContext, SpanKind as OtelKind,
    Status, TraceContextExt as _, TraceFlags, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{
    Array, Context, InstrumentationScope, KeyValue, StringValue, Value as OtelValue,
};

use super::{Span, Tracer, TracerProvider};
use crate::testing::{Capture, capture};
use crate::{SpanKind, Value, event, record, span};

fn tracer() -> Tracer {
    TracerProvider::new().tracer("client")
}

/// As an annotated function.
fn traced<R>(name: &'static str, inside: impl FnOnce() -> R) -> R {
    let _span = match name {
        "a" => span!("a").enter(),
        "b" => span!("b").enter(),
        _ => span!("other").enter(),
    };
    inside()
}

fn remote(trace: u128, span: u64, flags: TraceFlags) -> SpanContext {
    let state = TraceState::from_key_value([("vendor", "x")]).unwrap();
    SpanContext::new(trace.into(), span.into(), flags, true, state)
}

fn one_trace(capture: &Capture) {
    let spans = capture.spans();
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
}

#[test]
fn calls_and_spans_of_the_api_are_each_others_parents() {
    let capture = capture();
    traced("a", || {
        tracer().in_span("one", |_| {
            traced("b", || {
                tracer().in_span("two", |_| traced("other", || {}));
                let _three = tracer().start("three");
            });
            traced("other", || {});
        });
        traced("other", || {});
    });
    assert_eq!(
        capture.tree(),
        "a [ok]\n  one [ok]\n    b [ok]\n      two [ok]\n        other [ok]\n      three [ok]\n    other [ok]\n  other [ok]\n"
    );
    one_trace(&capture);
}

#[test]
fn a_span_of_the_api_is_a_root_where_nothing_is_current() {
    let capture = capture();
    tracer().in_span("root", |context| {
        assert!(context.span().is_recording());
        traced("a", || tracer().in_span("leaf", |_| {}));
        traced("b", || {});
    });
    assert_eq!(
        capture.tree(),
        "root [ok]\n  a [ok]\n    leaf [ok]\n  b [ok]\n"
    );
    one_trace(&capture);
}

#[test]
fn a_span_that_is_not_attached_is_nobodys_parent() {
    let capture = capture();
    traced("a", || {
        let mut first = tracer().start("first");
        let second = tracer().start("second");
        traced("b", || {});
        first.end();
        drop(second);
    });
    assert_eq!(
        capture.tree(),
        "a [ok]\n  first [ok]\n  second [ok]\n  b [ok]\n"
    );
}

#[test]
fn an_explicit_parent_wins() {
    let capture = capture();
    let tracer = tracer();
    let parent = Context::new().with_span(tracer.start("parent"));
    traced("a", || {
        let _child = tracer.start_with_context("child", &parent);
    });
    drop(parent);
    assert_eq!(capture.tree(), "parent [ok]\n  child [ok]\na [ok]\n");
}

#[test]
fn a_remote_parent_is_continued_by_spans_and_by_calls() {
    let capture = capture();
    let named = remote(0xabc, 0x1234, TraceFlags::SAMPLED);
    let context = Context::new().with_remote_span_context(named.clone());
    {
        let _attached = context.clone().attach();
        traced("a", || {
            let span = tracer().start("below a");
            assert_eq!(span.span_context().trace_id(), named.trace_id());
            assert!(span.span_context().is_sampled() && !span.span_context().is_remote());
            assert_eq!(span.span_context().trace_state().get("vendor"), Some("x"));
        });
    }
    drop(tracer().start_with_context("explicit", &context));
    let spans = capture.spans();
    let parents: Vec<_> = spans
        .iter()
        .map(|s| (s.name(), s.parent_id.to_string()))
        .collect();
    assert_eq!(parents[0], ("a", "0000000000001234".to_owned()));
    assert_eq!(parents[1].1, spans[0].span_id.to_string());
    assert_eq!(parents[2], ("explicit", "0000000000001234".to_owned()));
    one_trace(&capture);
}

#[test]
fn a_builder_says_kind_times_attributes_events_and_links() {
    let capture = capture();
    let start = UNIX_EPOCH + Duration::from_secs(1_000);
    let builder = SpanBuilder::from_name("built")
        .with_kind(OtelKind::Producer)
        .with_start_time(start)
        .with_attributes([
            KeyValue::new("a", 1),
            KeyValue::new("b", 2.5),
            KeyValue::new("a", 3),
        ])
        .with_links(vec![OtelLink::new(
            remote(7, 8, TraceFlags::SAMPLED),
            vec![KeyValue::new("why", "batch")],
            0,
        )])
        .with_events(vec![opentelemetry::trace::Event::new(
            "queued",
            start + Duration::from_secs(1),
            vec![KeyValue::new("depth", 4)],
            0,
        )]);
    let mut span = tracer().build(builder);
    span.set_attribute(KeyValue::new("b", true));
    span.update_name("renamed".to_owned());
    span.end_with_timestamp(start + Duration::from_secs(5));
    assert_eq!(
        capture.tree(),
        "renamed [ok] {a=3, b=true}\n  * queued {depth=4}\n"
    );
    let span = &capture.spans()[0];
    assert_eq!(span.kind(), SpanKind::Producer);
    let link = &span.links[0];
    assert_eq!(
        (
            link.trace_id.to_bytes()[15],
            link.span_id.to_bytes()[7],
            link.sampled
        ),
        (7, 8, true)
    );
    assert_eq!(link.attributes[0].value, Value::from("batch"));
    assert_eq!(
        (link.tracestate.as_deref(), link.remote),
        (Some("vendor=x"), Some(true))
    );
}

#[test]
fn lists_stay_lists() {
    let capture = capture();
    let texts = [StringValue::from("x"), StringValue::from("y")];
    let mut span = tracer().start("lists");
    span.set_attribute(KeyValue::new("n", OtelValue::Array(Array::I64(vec![1, 2]))));
    span.set_attribute(KeyValue::new(
        "s",
        OtelValue::Array(Array::String(texts.to_vec())),
    ));
    drop(span);
    assert_eq!(capture.tree(), "lists [ok] {n=[1, 2], s=[\"x\", \"y\"]}\n");
    for attribute in &capture.spans()[0].attributes {
        assert!(matches!(
            super::convert::value(&attribute.value),
            OtelValue::Array(_)
        ));
    }
}

#[test]
fn ok_is_final_and_an_error_is_an_outcome() {
    let capture = capture();
    let mut failed = tracer().start("failed");
    failed.set_status(Status::error("no stock"));
    failed.set_status(Status::Unset);
    failed.record_error(&std::fmt::Error);
    drop(failed);
    let mut fine = tracer().start("fine");
    fine.set_status(Status::Ok);
    fine.set_status(Status::error("too late"));
    drop(fine);
    let exception = format!(
        "  * exception {{exception.message={:?}}}\n",
        std::fmt::Error.to_string()
    );
    assert_eq!(
        capture.tree(),
        format!("failed [error: no stock]\n{exception}fine [ok]\n")
    );
}

#[test]
fn a_span_takes_nothing_after_its_end_and_ends_once() {
    let capture = capture();
    let mut span = tracer().start("once");
    span.end();
    assert!(!span.is_recording());
    span.end();
    span.end_with_timestamp(SystemTime::now());
    span.set_attribute(KeyValue::new("late", true));
    span.add_event("late", Vec::new());
    span.update_name("late");
    span.set_status(Status::error("late"));
    // It is still a parent: its context is known elsewhere.
    drop(tracer().start_with_context("child", &Context::new().with_span(span)));
    assert_eq!(capture.tree(), "once [ok]\n  child [ok]\n");
}

#[test]
fn a_parent_that_is_gone_with_its_trace_is_a_parent_still() {
    let capture = capture();
    let parent = traced("a", || tracer().start("parent").span_context().clone());
    // Nothing but ids is left of it.
    let ids = Context::new().with_remote_span_context(parent.clone());
    traced("b", || {
        let child = tracer().start_with_context("child", &ids);
        assert_eq!(child.span_context().trace_id(), parent.trace_id());
    });
    let spans = capture.spans();
    let child = spans.iter().find(|span| span.name() == "child").unwrap();
    assert_eq!(child.parent_id.to_bytes(), parent.span_id().to_bytes());
}

#[test]
fn an_attribute_without_a_key_is_none() {
    let capture = capture();
    let mut span = tracer().start("keyless");
    span.set_attribute(KeyValue::new("", 1));
    span.set_attribute(KeyValue::new("n", 2));
    drop(span);
    assert_eq!(capture.tree(), "keyless [ok] {n=2}\n");
}

#[test]
fn a_span_may_end_on_another_thread_and_after_its_root() {
    let capture = capture();
    let (moved, late) = traced("a", || (tracer().start("moved"), tracer().start("late")));
    std::thread::spawn(move || drop(moved)).join().unwrap();
    drop(late);
    assert_eq!(capture.tree(), "a [ok]\n  moved [ok]\n  late [ok]\n");
}

#[test]
fn contexts_go_to_other_threads() {
    let capture = capture();
    tracer().in_span("root", |context| {
        std::thread::spawn(move || {
            let _attached = context.attach();
            traced("a", || tracer().in_span("leaf", |_| {}));
        })
        .join()
        .unwrap();
    });
    assert_eq!(capture.tree(), "root [ok]\n  a [ok]\n    leaf [ok]\n");
}

#[test]
fn futures_carry_their_context_from_poll_to_poll() {
    let capture = capture();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let work = |name: &'static str| async move {
        let child = tracer().start(name);
        tokio::task::yield_now().await;
        traced("a", || {});
        drop(child);
    };
    let run = async {
        let one = Context::new().with_span(tracer().start("one"));
        let two = Context::new().with_span(tracer().start("two"));
        let local = tokio::task::LocalSet::new();
        let first = local.spawn_local(work("in one").with_context(one));
        let second = local.spawn_local(work("in two").with_context(two));
        local.await;
        first.await.unwrap();
        second.await.unwrap();
    };
    runtime.block_on(capture.run(run));
    assert_eq!(
        capture.tree(),
        "one [ok]\n  in one [ok]\n  a [ok]\ntwo [ok]\n  in two [ok]\n  a [ok]\n"
    );
}

#[test]
fn contexts_that_are_detached_out_of_order_leave_nothing_current() {
    let capture = capture();
    traced("a", || {
        let one = Context::current_with_span(tracer().start("one")).attach();
        let two = Context::current_with_span(tracer().start("two")).attach();
        drop(one);
        traced("b", || {});
        drop(two);
        traced("other", || {});
    });
    assert_eq!(
        capture.tree(),
        "a [ok]\n  one [ok]\n    two [ok]\n      b [ok]\n  other [ok]\n"
    );
}

#[test]
fn what_calls_record_inside_of_a_span_is_the_spans() {
    let capture = capture();
    tracer().in_span("root", |_| {
        record("from", "us");
        event!("seen");
        tracer().in_span("inner", |_| record("n", 1));
    });
    assert_eq!(
        capture.tree(),
        "root [ok] {from=\"us\"}\n  * seen\n  inner [ok] {n=1}\n"
    );
}

#[test]
fn a_scope_says_who_made_a_span() {
    let capture = capture();
    let scope = InstrumentationScope::builder("redis")
        .with_version("1.2")
        .build();
    drop(TracerProvider::new().tracer_with_scope(scope).start("get"));
    let span = &capture.spans()[0];
    assert_eq!(span.callsite.target(), "redis");
}

#[test]
fn without_a_recorder_a_span_stands_for_its_parent() {
    let named = remote(1, 2, TraceFlags::SAMPLED);
    let parent = Context::new().with_remote_span_context(named.clone());
    // Captures of other tests see their own threads only, so nobody records this one.
    let mut span: Span = tracer().start_with_context("unseen", &parent);
    if !span.is_recording() {
        assert_eq!(span.span_context(), &named);
    }
    span.end();
}

#[test]
fn suppressed_telemetry_makes_no_spans() {
    let capture = capture();
    traced("a", || {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        assert!(!tracer().start("unseen").is_recording());
    });
    assert_eq!(capture.tree(), "a [ok]\n");
}
