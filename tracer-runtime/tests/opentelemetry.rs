//! The API of `opentelemetry` in a whole process: the global provider, exporters of the SDK, contexts that show our spans.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{
    Event, FutureExt as _, Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status,
    TraceContextExt as _, TraceFlags, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use support::{dropped, metric, run_child, settled, stderr_of};
use tracer_runtime::integrations::opentelemetry::TracerProvider;
use tracer_runtime::{
    Builder, OtelContext, Telemetry, builder, checkpoint, current_ids, event, record, traced,
};

const SECOND: Duration = Duration::from_secs(1);

#[traced]
fn outer() {
    global::tracer("lib").in_span("by the api", |_| inner());
}

#[traced]
fn inner() {}

#[traced]
fn asks() -> [String; 2] {
    [ours(), theirs()]
}

#[traced]
fn asks_below() -> [String; 2] {
    asks()
}

#[traced]
async fn asks_between_polls() -> [[String; 2]; 2] {
    let first = [ours(), theirs()];
    tokio::task::yield_now().await;
    [first, [ours(), theirs()]]
}

#[traced]
async fn asks_below_between_polls() -> [[String; 2]; 2] {
    asks_between_polls().await
}

/// The span that is current for us.
fn ours() -> String {
    current_ids().map_or_else(none, |ids| ids.span_id.to_string())
}

/// The span that is current for code that knows the API alone.
fn theirs() -> String {
    Context::map_current(|current| current.span().span_context().span_id().to_string())
}

fn none() -> String {
    "0000000000000000".to_owned()
}

fn start(described: Builder) -> (Telemetry, InMemorySpanExporter) {
    let memory = InMemorySpanExporter::default();
    let telemetry = described.with_span_exporter(memory.clone()).init().unwrap();
    (telemetry, memory)
}

fn finished(telemetry: &Telemetry, memory: &InMemorySpanExporter) -> Vec<SpanData> {
    telemetry.flush(10 * SECOND).unwrap();
    memory.get_finished_spans().unwrap()
}

fn find<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("no span {name:?} among {spans:?}"))
}

fn one_tree() {
    let second = InMemorySpanExporter::default();
    let (telemetry, memory) = start(builder().with_span_exporter(second.clone()));
    outer();
    let spans = finished(&telemetry, &memory);
    let [outer, api, inner] = ["outer", "by the api", "inner"].map(|name| find(&spans, name));
    assert_eq!(spans.len(), 3, "each once");
    assert_eq!(api.parent_span_id, outer.span_context.span_id());
    assert_eq!(inner.parent_span_id, api.span_context.span_id());
    assert_eq!(api.instrumentation_scope.name(), "lib");
    assert_eq!(inner.instrumentation_scope.name(), "tracer-runtime");
    assert_eq!(second.get_finished_spans().unwrap().len(), 3);
    assert_eq!(settled(), 3);
}

fn off() {
    let (_telemetry, _memory) = start(builder().with_otel_context(OtelContext::Off));
    let [_, theirs] = asks();
    assert_eq!(theirs, none());
}

fn entry_spans() {
    #[traced(kind = server)]
    fn serves() -> [String; 2] {
        asks_below()
    }
    #[traced(kind = consumer)]
    async fn consumes() -> [String; 2] {
        tokio::task::yield_now().await;
        asks()
    }
    let (telemetry, memory) = start(builder());
    let [_, theirs] = asks();
    assert_eq!(theirs, none(), "nobody elsewhere is served");
    let [ours, by_server] = serves();
    assert_ne!(ours, by_server);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let [_, by_consumer] = runtime.block_on(consumes());
    assert_eq!(self::theirs(), none());
    let spans = finished(&telemetry, &memory);
    let id = |name| find(&spans, name).span_context.span_id().to_string();
    assert_eq!([id("serves"), id("consumes")], [by_server, by_consumer]);
}

fn all_spans() {
    let (telemetry, memory) = start(builder().with_otel_context(OtelContext::AllSpans));
    for [ours, theirs] in [asks(), asks_below()] {
        assert_eq!(ours, theirs);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for [ours, theirs] in runtime.block_on(asks_below_between_polls()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(self::theirs(), none());
    let spans = finished(&telemetry, &memory);
    let (above, below) = (
        find(&spans, "asks_below"),
        spans.iter().rev().find(|s| s.name == "asks"),
    );
    assert_eq!(below.unwrap().parent_span_id, above.span_context.span_id());
    assert_eq!(settled(), 5);
}

/// What a span says that it has found in the current context.
fn found_spans() {
    #[traced(kind = server)]
    fn handles() {
        Context::map_current(|current| {
            let span = current.span();
            span.set_attribute(KeyValue::new("found", true));
            span.update_name("POST /orders");
            span.add_event("looked", Vec::new());
            // Ends with its call.
            span.end();
        });
        record("ours", 1);
    }
    let (telemetry, memory) = start(builder());
    handles();
    let spans = finished(&telemetry, &memory);
    let span = find(&spans, "POST /orders");
    let keys: Vec<_> = span.attributes.iter().map(|a| a.key.as_str()).collect();
    assert!(keys.ends_with(&["found", "ours"]), "{keys:?}");
    assert_eq!(span.events[0].name, "looked");
}

/// All that the API can say of a span when it is made reaches the exporter as it was said.
fn built_spans() {
    let (telemetry, memory) = start(builder());
    let at = |seconds| UNIX_EPOCH + SECOND * seconds;
    let state = TraceState::from_key_value([("vendor", "x")]).unwrap();
    let named = SpanContext::new(7.into(), 8.into(), TraceFlags::SAMPLED, true, state);
    let why = vec![KeyValue::new("why", "batch")];
    let event = Event::new("queued", at(1_001), vec![KeyValue::new("depth", 4)], 0);
    let built = SpanBuilder::from_name("built")
        .with_kind(SpanKind::Producer)
        .with_start_time(at(1_000))
        .with_attributes([KeyValue::new("a", 1)])
        .with_links(vec![Link::new(named.clone(), why.clone(), 0)])
        .with_events(vec![event.clone()]);
    let mut span = global::tracer("lib").build(built);
    span.add_link(named.clone(), Vec::new());
    span.add_event_with_timestamp("sent", at(1_002), Vec::new());
    span.set_status(Status::error("no queue"));
    span.end_with_timestamp(at(1_005));
    let spans = finished(&telemetry, &memory);
    let span = find(&spans, "built");
    assert_eq!(span.span_kind, SpanKind::Producer);
    assert_eq!((span.start_time, span.end_time), (at(1_000), at(1_005)));
    assert!(span.attributes.contains(&KeyValue::new("a", 1)));
    let links: Vec<_> = span
        .links
        .iter()
        .map(|link| (&link.span_context, &link.attributes))
        .collect();
    assert_eq!(links, [(&named, &why), (&named, &Vec::new())]);
    assert_eq!(span.events[0], event);
    assert_eq!(
        (&*span.events[1].name, span.events[1].timestamp),
        ("sent", at(1_002))
    );
    assert_eq!(span.status, Status::error("no queue"));
}

/// What was recorded before a poll ended pending is there at the end.
fn entry_spans_between_polls() {
    #[traced(kind = server, fields(service = "front"))]
    async fn serves() {
        record("order", 7);
        tokio::task::yield_now().await;
        record("status", 200);
    }
    let (telemetry, memory) = start(builder());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(serves());
    let spans = finished(&telemetry, &memory);
    let attributes = find(&spans, "serves").attributes.iter();
    let keys: Vec<_> = attributes.map(|a| a.key.as_str()).collect();
    assert!(
        ["service", "order", "status"]
            .iter()
            .all(|key| keys.contains(key)),
        "{keys:?}"
    );
}

/// A context that was taken from an entry span goes to another task with its trace.
fn contexts_that_travel() {
    #[traced(kind = server)]
    fn spawns() -> tokio::task::JoinHandle<()> {
        tokio::spawn(async { inner() }.with_current_context())
    }
    let (telemetry, memory) = start(builder());
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async { spawns().await.unwrap() });
    let spans = finished(&telemetry, &memory);
    let (spawns, inner) = (find(&spans, "spawns"), find(&spans, "inner"));
    assert_eq!(inner.parent_span_id, spawns.span_context.span_id());
    assert_eq!(
        inner.span_context.trace_id(),
        spawns.span_context.trace_id()
    );
}

fn providers_that_are_swapped_in_mid_span() {
    let (telemetry, memory) = start(builder());
    let other = InMemorySpanExporter::default();
    let theirs = opentelemetry_sdk::trace::SdkTracerProvider::builder()
        .with_simple_exporter(other.clone())
        .build();
    let name = |spans: Vec<SpanData>| spans.into_iter().map(|s| s.name).collect::<Vec<_>>();
    global::tracer("lib").in_span("ours", |_| {
        global::set_tracer_provider(theirs.clone());
        global::tracer("lib").in_span("theirs", |_| inner());
        // Ours again, and once more: it is one.
        global::set_tracer_provider(TracerProvider::new());
        global::set_tracer_provider(TracerProvider::new());
        drop(global::tracer("lib").start("ours again"));
    });
    let spans = finished(&telemetry, &memory);
    let [ours, again] = ["ours", "ours again"].map(|name| find(&spans, name));
    assert_eq!(again.parent_span_id, ours.span_context.span_id());
    assert_eq!(spans.len(), 3, "each once");
    assert_eq!(name(other.get_finished_spans().unwrap()), ["theirs"]);
    // The call is where the other's span says.
    let theirs = &other.get_finished_spans().unwrap()[0];
    let inner = find(&spans, "inner");
    assert_eq!(inner.parent_span_id, theirs.span_context.span_id());
}

fn before_and_after() {
    let early = TracerProvider::new().tracer("early");
    let before = early.start("before");
    assert!(!before.is_recording() && !before.span_context().is_valid());
    let cached = global::tracer("cached");
    let (telemetry, memory) = start(builder());
    // It has no place in any trace, and neither has what starts below it.
    let below = early.start_with_context("below", &Context::new().with_span(before));
    drop(below);
    drop(cached.start("of nobody"));
    let open = early.start("open");
    assert_eq!(finished(&telemetry, &memory).len(), 1);
    let (made, attached) = (
        settled(),
        Context::new().with_span(early.start("attached")).attach(),
    );
    telemetry.shutdown(10 * SECOND).unwrap();
    inner();
    drop(open);
    drop(attached);
    let mut after = early.start("after");
    assert!(!after.is_recording());
    after.end();
    assert_eq!((settled() - made, dropped("shutdown")), (2, 2));
}

/// The places where the API panics if anybody attaches a context.
fn awkward_places() {
    struct AtExit;
    impl Drop for AtExit {
        fn drop(&mut self) {
            // Not `outer`: there the API itself asks for its context, which is gone.
            inner();
        }
    }
    thread_local!(static AT_EXIT: AtExit = const { AtExit });
    let (_telemetry, _memory) = start(builder());
    for first in [true, false] {
        let thread = move || {
            let touch = || AT_EXIT.with(|_| ());
            if first {
                touch();
            }
            outer();
            touch();
        };
        std::thread::spawn(thread).join().unwrap();
    }
}

/// A sampled caller in another service, by a context that was attached before.
fn remote_callers() {
    let (telemetry, memory) = start(builder());
    let named = SpanContext::new(
        77.into(),
        78.into(),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let attached = Context::new().with_remote_span_context(named).attach();
    outer();
    drop(attached);
    let spans = finished(&telemetry, &memory);
    let outer = find(&spans, "outer");
    assert!(outer.parent_span_is_remote && outer.parent_span_id == 78.into());
    assert!(
        spans
            .iter()
            .all(|span| span.span_context.trace_id() == 77.into())
    );
}

fn without_provider() {
    let (telemetry, memory) = start(builder().without_otel_provider());
    outer();
    assert_eq!(finished(&telemetry, &memory).len(), 2);
}

/// What `event!` says is a log record as well, and where nobody takes it that is counted.
fn events_as_logs() {
    #[traced]
    fn reserves() {
        event!("reserved", warehouse = "north");
        checkpoint!("not a record");
    }
    let url = format!("http://{}", support::refusing());
    let described = builder().with_otlp_endpoint(url).with_otlp_logs();
    let telemetry = described.init().unwrap();
    reserves();
    assert!(telemetry.shutdown(SECOND / 10).is_err());
    reserves();
    assert_eq!(metric("tracer_log_records_total{fate=\"dropped\"}"), 1);
}

const CASES: [(&str, fn()); 14] = [
    ("built spans", built_spans),
    ("events as logs", events_as_logs),
    ("one tree", one_tree),
    ("off", off),
    ("entry spans", entry_spans),
    ("entry spans between polls", entry_spans_between_polls),
    ("all spans", all_spans),
    ("found spans", found_spans),
    ("contexts that travel", contexts_that_travel),
    ("swapped providers", providers_that_are_swapped_in_mid_span),
    ("before and after", before_and_after),
    ("awkward places", awkward_places),
    ("remote callers", remote_callers),
    ("without provider", without_provider),
];

#[test]
fn child() {
    let case = std::env::var(support::CHILD).unwrap_or_default();
    if let Some((_, run)) = CASES.iter().find(|(name, _)| *name == case) {
        run();
    }
}

#[test]
fn every_case_holds_in_a_process_of_its_own() {
    for (case, _) in CASES {
        let output = run_child(case).output().unwrap();
        let stderr = stderr_of(&output);
        assert!(
            output.status.success(),
            "{case}: {stderr}\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert!(!stderr.contains("panicked"), "{case}: {stderr}");
    }
}
