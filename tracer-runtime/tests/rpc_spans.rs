//! The spans of calls between services, as a process exports them that was started with `init`: the same as a capture sees.
#![cfg(feature = "full")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use tracer_runtime::rpc::{RpcCall, RpcPlan, RpcStatus};
use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::{
    CallOutcome, Context, Keep, Sampler, SpanId, Telemetry, builder, current_ids, record,
    set_error, traced,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// What is compared of a span: its name, its parent, its kind and how it ended, what it says.
type Shape = (String, String, String, bool, BTreeSet<String>);

fn client() -> RpcPlan {
    RpcPlan::client("thrift")
        .with_service("shop", "Stock")
        .with_method("reserve")
}

fn server() -> RpcPlan {
    RpcPlan::server("thrift")
        .with_service("shop", "Stock")
        .with_method("count")
}

/// What a caller sends whose trace is sampled, or is not.
fn caller(flags: &str) -> HashMap<String, String> {
    HashMap::from([(
        "traceparent".to_owned(),
        format!("00-{TRACE}-{CALLER}-{flags}"),
    )])
}

#[traced]
fn inner() {
    record("said.inside", 1);
}

#[traced]
fn around(mut call: RpcCall) {
    let own = current_ids();
    call.within(|| assert_ne!(current_ids(), own));
    assert_eq!(current_ids(), own);
    call.finish();
    assert_eq!(current_ids(), own);
    inner();
}

#[traced]
fn calls_away() {
    sent();
}

fn sent() {
    let mut headers = HashMap::<String, String>::new();
    let mut call = RpcCall::send(client(), &mut headers);
    let ids = call.info().unwrap().ids().unwrap();
    let written = format!(
        "00-{}-{}-0{}",
        ids.trace_id,
        ids.span_id,
        u8::from(ids.sampled)
    );
    assert_eq!(headers["traceparent"], written);
    assert_eq!(current_ids().filter(|now| now.span_id == ids.span_id), None);
    for _ in 0..3 {
        call.within(|| assert_eq!(current_ids(), Some(ids)));
    }
    call.finish();
}

fn served() {
    let mut call = RpcCall::serve(server(), &caller("01"));
    let ids = call.info().unwrap().ids().unwrap();
    assert_eq!(ids.trace_id.to_string(), TRACE);
    for _ in 0..3 {
        call.within(|| assert_eq!(current_ids(), Some(ids)));
    }
    call.finish();
}

fn served_with_functions_and_calls_inside() {
    let mut call = RpcCall::serve(server(), &caller("01"));
    call.within(inner);
    call.within(calls_away);
    call.within(sent);
    call.set_status(RpcStatus::Grpc(0));
    call.finish();
}

fn with_functions_inside() {
    let mut call = RpcCall::start(client());
    call.within(inner);
    call.within(|| record("said.of.it", "all"));
    call.finish();
}

fn inside_of_another_trace() {
    around(RpcCall::start(client()));
}

fn failed() {
    RpcCall::start(client()).fail(&io::Error::other("gone"));
    RpcCall::serve(server(), &caller("00")).fail(&io::Error::other("gone"));
}

fn failed_by_the_code_inside() {
    let mut call = RpcCall::start(client());
    call.within(|| set_error(&io::Error::other("gone")));
    call.finish();
}

fn cancelled() {
    drop(RpcCall::serve(server(), &caller("01")));
    drop(RpcCall::start(client()));
}

fn panicked() {
    let mut call = RpcCall::serve(server(), &caller("01"));
    let caught = catch_unwind(AssertUnwindSafe(|| call.within(|| panic!("on purpose"))));
    assert!(caught.is_err());
    assert_eq!(current_ids(), None);
    drop(call);
}

fn of_which_a_context_has_left() {
    let mut call = RpcCall::start(client());
    let context = call.within(Context::current);
    call.finish();
    let _attached = context.attach();
    inner();
}

fn on_several_threads() {
    let mut call = RpcCall::start(client());
    call = thread::spawn(move || {
        call.within(inner);
        call
    })
    .join()
    .unwrap();
    call.within(inner);
    thread::spawn(move || call.finish()).join().unwrap();
    assert_eq!(current_ids(), None);
}

/// More than the places that a fragment keeps.
fn many_in_one_trace() {
    let mut outer = RpcCall::serve(server(), &caller("01"));
    for _ in 0..20 {
        outer.within(sent);
    }
    outer.finish();
}

/// By name, below the parent's name.
fn shapes_of_captured(spans: &[CapturedSpan]) -> Vec<Shape> {
    let names: HashMap<SpanId, &str> = spans.iter().map(|s| (s.span_id, s.name())).collect();
    let shape = |span: &CapturedSpan| {
        let all = span.own_attributes.iter().chain(&span.attributes);
        let said = all
            .filter(|a| is_compared(&a.key))
            .map(|a| format!("{}={}", a.key, a.value.to_string().trim_matches('"')));
        let parent = match names.get(&span.parent_id) {
            Some(name) => (*name).to_owned(),
            None => span.parent_id.to_string(),
        };
        let failed = matches!(span.outcome, Some(CallOutcome::Error | CallOutcome::Panic));
        let kind = format!("{:?}", span.kind());
        (span.name().to_owned(), parent, kind, failed, said.collect())
    };
    sorted(spans.iter().map(shape))
}

fn shapes_of_exported(spans: &[SpanData]) -> Vec<Shape> {
    let names: HashMap<_, _> = spans
        .iter()
        .map(|s| (s.span_context.span_id(), &*s.name))
        .collect();
    let shape = |span: &SpanData| {
        let all = span.attributes.iter();
        let said = all
            .filter(|a| is_compared(a.key.as_str()))
            .map(|a| format!("{}={}", a.key, a.value.to_string().trim_matches('"')));
        let parent = match names.get(&span.parent_span_id) {
            Some(name) => (*name).to_owned(),
            None => span.parent_span_id.to_string(),
        };
        let failed = matches!(span.status, Status::Error { .. });
        let kind = format!("{:?}", span.span_kind);
        (span.name.to_string(), parent, kind, failed, said.collect())
    };
    sorted(spans.iter().map(shape))
}

fn is_compared(key: &str) -> bool {
    ["rpc.", "said.", "error."]
        .iter()
        .any(|start| key.starts_with(start))
}

fn sorted(shapes: impl Iterator<Item = Shape>) -> Vec<Shape> {
    let mut shapes: Vec<_> = shapes.collect();
    shapes.sort();
    shapes
}

fn exported(telemetry: &Telemetry, memory: &InMemorySpanExporter) -> Vec<SpanData> {
    telemetry.flush(Duration::from_secs(10)).unwrap();
    let spans = memory.get_finished_spans().unwrap();
    memory.reset();
    spans
}

#[test]
fn what_is_exported_of_calls_is_what_a_capture_sees() {
    let memory = InMemorySpanExporter::default();
    let telemetry = builder()
        .with_sampler(Sampler::always_on())
        .with_keep(Keep::errors())
        .with_span_exporter(memory.clone())
        .init()
        .unwrap();
    let cases: [(&str, fn(), usize); 13] = [
        ("sent", sent, 1),
        ("served", served, 1),
        (
            "functions and calls inside",
            served_with_functions_and_calls_inside,
            5,
        ),
        ("functions inside", with_functions_inside, 2),
        ("inside of another trace", inside_of_another_trace, 3),
        ("failed", failed, 2),
        ("failed by the code inside", failed_by_the_code_inside, 1),
        ("cancelled", cancelled, 2),
        ("panicked", panicked, 1),
        ("context", of_which_a_context_has_left, 2),
        ("threads", on_several_threads, 3),
        ("many", many_in_one_trace, 21),
        ("sent once more", sent, 1),
    ];
    for (name, run, spans) in cases {
        let captured = {
            let capture = capture();
            run();
            shapes_of_captured(&capture.spans())
        };
        assert_eq!(captured.len(), spans, "{name}: {captured:?}");
        assert!(exported(&telemetry, &memory).is_empty(), "{name}");
        // The second time by what the first one has left.
        for _ in 0..2 {
            run();
            let exported = shapes_of_exported(&exported(&telemetry, &memory));
            assert_eq!(exported, captured, "{name}");
        }
    }
}
