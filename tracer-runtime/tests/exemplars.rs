//! Histograms refer to traces that can be found, and to no others: a whole process with an exporter.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, Sampler as SdkSampler, SdkTracerProvider, SpanData,
};
use support::{run_child, stderr_of};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracer_runtime::integrations::tower::{Observed, ServerLayer};
use tracer_runtime::rpc::{RpcCall, RpcPlan, RpcStatus};
use tracer_runtime::{Builder, Keep, Sampler, builder, current_ids, metrics, spawn, traced};
use tracing_subscriber::layer::SubscriberExt as _;

const SECOND: Duration = Duration::from_secs(1);

/// What stands behind a bucket in the text.
#[derive(Debug)]
struct Exemplar {
    metric: String,
    labels: String,
    /// Of the bucket.
    upper: f64,
    trace: String,
    span: String,
    value: f64,
    time: f64,
}

/// Every one in the text, by the letter of the specification.
fn exemplars() -> Vec<Exemplar> {
    let text = metrics::encode();
    let lines = text.lines().filter(|line| line.contains(" # {"));
    lines.map(parse).collect()
}

fn parse(line: &str) -> Exemplar {
    let (sample, exemplar) = line.split_once(" # {").unwrap();
    let (ids, rest) = exemplar.split_once("} ").unwrap();
    let (value, time) = rest.split_once(' ').unwrap();
    let (trace, span) = ids.split_once(',').unwrap();
    let quoted = |text: &str, key: &str| -> String {
        let text = text.strip_prefix(key).unwrap().strip_prefix("=\"");
        text.unwrap().strip_suffix('"').unwrap().to_owned()
    };
    let (name, labels) = sample.split_once('{').unwrap();
    let (labels, upper) = labels.rsplit_once(",le=\"").unwrap();
    let upper = upper.split_once('"').unwrap().0;
    Exemplar {
        metric: name.strip_suffix("_bucket").unwrap().to_owned(),
        labels: labels.to_owned(),
        upper: upper.replace("+Inf", "inf").parse().unwrap(),
        trace: quoted(trace, "trace_id"),
        span: quoted(span, "span_id"),
        value: value.parse().unwrap(),
        time: time.parse().unwrap(),
    }
}

fn of(metric: &str) -> Vec<Exemplar> {
    let mut all = exemplars();
    all.retain(|exemplar| exemplar.metric == metric);
    all
}

/// Trace and span.
type Ids = (String, String);

fn ids() -> Ids {
    let ids = current_ids().unwrap();
    (ids.trace_id.to_string(), ids.span_id.to_string())
}

fn ids_of(span: &SpanData) -> Ids {
    let context = &span.span_context;
    (
        context.trace_id().to_string(),
        context.span_id().to_string(),
    )
}

#[test]
fn child() {
    match std::env::var(support::CHILD).as_deref() {
        Ok("most are discarded") => most_are_discarded(),
        Ok("nobody takes them") => nobody_takes_them(),
        Ok("off") => off(),
        Ok("calls between services") => calls_between_services(),
        Ok("http requests") => http_requests(),
        Ok("a layer exports") => a_layer_exports(),
        Ok("a layer samples nothing") => a_layer_samples_nothing(),
        _ => {}
    }
}

fn run(name: &str, variables: &[(&str, &str)]) -> String {
    let output = run_child(name)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    stderr_of(&output)
}

fn keep_errors(builder: Builder) -> (tracer_runtime::Telemetry, InMemorySpanExporter) {
    let memory = InMemorySpanExporter::default();
    let telemetry = builder
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_span_exporter(memory.clone())
        .init()
        .unwrap();
    (telemetry, memory)
}

#[test]
fn an_exemplar_names_a_span_that_was_exported_and_never_one_that_was_discarded() {
    run("most are discarded", &[]);
}

/// Fails now and then, after a while that differs.
#[traced]
fn root(number: u64, all: &mut Vec<Ids>) -> Result<(), u64> {
    all.push(ids());
    leaf(number % 7);
    leaf(number % 3);
    if number.is_multiple_of(41) {
        Err(number)
    } else {
        Ok(())
    }
}

#[traced]
fn leaf(length: u64) {
    for step in 0..10_u64 << (2 * length) {
        std::hint::black_box(step);
    }
}

#[traced]
async fn task(fails: bool) -> Result<(), &'static str> {
    spawn(async { leaf(2) }).await.unwrap();
    if fails { Err("on purpose") } else { Ok(()) }
}

fn most_are_discarded() {
    let (telemetry, memory) = keep_errors(builder());
    let mut all = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut seen = HashSet::new();
    for round in 0..20 {
        for number in 0..200 {
            let _ = root(round * 200 + number, &mut all);
        }
        for number in 0..10 {
            let _ = runtime.block_on(task(number == 3));
        }
        telemetry.flush(10 * SECOND).unwrap();
        let exported = memory.get_finished_spans().unwrap();
        let exported: HashMap<Ids, &SpanData> =
            exported.iter().map(|span| (ids_of(span), span)).collect();
        let named = of("function_calls_duration_seconds");
        let mut buckets = HashSet::new();
        for exemplar in &named {
            let key = (exemplar.trace.clone(), exemplar.span.clone());
            let span = exported.get(&key).unwrap_or_else(|| panic!("{exemplar:?}"));
            let function = format!("function=\"{}\"", span.name);
            assert!(exemplar.labels.starts_with(&function), "{exemplar:?}");
            let lasted = span.end_time.duration_since(span.start_time).unwrap();
            // What the SDK takes is in whole nanoseconds.
            assert!((lasted.as_secs_f64() - exemplar.value).abs() < 2e-9);
            assert!(exemplar.value <= exemplar.upper);
            let end = span.end_time.duration_since(std::time::UNIX_EPOCH);
            assert!((end.unwrap().as_secs_f64() - exemplar.time).abs() < 0.002);
            let bucket = (exemplar.labels.clone(), exemplar.upper.to_string());
            assert!(buckets.insert(bucket), "two for one bucket: {exemplar:?}");
            seen.insert(exemplar.trace.clone());
        }
        assert!(!named.is_empty());
    }
    let kept = all.iter().filter(|ids| seen.contains(&ids.0)).count();
    assert!(
        kept > 0 && kept <= 4_000 / 41 + 1,
        "{kept} of {}",
        all.len()
    );
    assert!(
        seen.len() > 20,
        "new traces take the place of old ones: {}",
        seen.len()
    );
}

#[test]
fn a_trace_that_nobody_takes_is_not_referred_to() {
    run("nobody takes them", &[]);
}

fn nobody_takes_them() {
    let telemetry = builder().with_discarding_exporter().init().unwrap();
    leaf(1);
    telemetry.flush(SECOND).unwrap();
    assert_eq!(support::calls(), 1);
    assert!(exemplars().is_empty());
}

#[test]
fn the_environment_switches_them_off() {
    let filter = |value| run("off", &[("OTEL_METRICS_EXEMPLAR_FILTER", value)]);
    assert_eq!(filter("always_off"), "");
    let warned = run(
        "most are discarded",
        &[("OTEL_METRICS_EXEMPLAR_FILTER", "always_on")],
    );
    assert!(warned.contains("OTEL_METRICS_EXEMPLAR_FILTER=\"always_on\": expected trace_based"));
}

fn off() {
    let (telemetry, memory) = keep_errors(builder());
    assert!(root(0, &mut Vec::new()).is_err());
    telemetry.flush(SECOND).unwrap();
    assert_eq!(memory.get_finished_spans().unwrap().len(), 3);
    assert!(exemplars().is_empty());
}

#[test]
fn calls_between_services_are_referred_to_by_their_spans() {
    run("calls between services", &[]);
    run("http requests", &[]);
}

fn serve(status: u8) -> Ids {
    let headers = HashMap::<String, String>::new();
    let plan = RpcPlan::server("grpc")
        .with_service("shop", "Stock")
        .with_method("reserve");
    let mut call = RpcCall::serve(plan, &headers);
    let ids = call.within(ids);
    call.set_status(RpcStatus::Grpc(status));
    call.finish();
    ids
}

fn calls_between_services() {
    let (telemetry, memory) = keep_errors(builder());
    for status in [0, 0, 13, 0] {
        serve(status);
    }
    telemetry.flush(SECOND).unwrap();
    let [span] = memory.get_finished_spans().unwrap().try_into().unwrap();
    let [exemplar] = of("rpc_server_call_duration_seconds").try_into().unwrap();
    assert_eq!((exemplar.trace, exemplar.span), ids_of(&span));
    assert!(
        exemplar
            .labels
            .contains("rpc_response_status_code=\"INTERNAL\""),
        "{}",
        exemplar.labels
    );
    let newest = serve(13);
    telemetry.flush(SECOND).unwrap();
    let [exemplar] = of("rpc_server_call_duration_seconds").try_into().unwrap();
    assert_eq!((exemplar.trace, exemplar.span), newest);
    assert!(exemplar.value > 0.0 && exemplar.value <= exemplar.upper);
}

fn http_requests() {
    let (telemetry, memory) = keep_errors(builder());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for status in [200, 500, 404] {
        let answer = service_fn(move |_: Request<Observed<Empty<Bytes>>>| async move {
            let response = Response::builder().status(status);
            Ok::<_, Infallible>(response.body(Empty::<Bytes>::new()).unwrap())
        });
        let service = ServerLayer::new().layer(answer);
        let answered = service.oneshot(Request::new(Empty::<Bytes>::new()));
        drop(runtime.block_on(answered).unwrap());
    }
    telemetry.flush(SECOND).unwrap();
    let [span] = memory.get_finished_spans().unwrap().try_into().unwrap();
    let [exemplar] = of("http_server_request_duration_seconds")
        .try_into()
        .unwrap();
    assert_eq!((exemplar.trace, exemplar.span), ids_of(&span));
    assert!(exemplar.labels.contains("status_code=\"500\""));
}

fn beside_a_layer(sampler: SdkSampler) -> InMemorySpanExporter {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .with_sampler(sampler)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("layer"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    exporter
}

#[test]
fn beside_a_layer_that_exports_the_ids_are_its() {
    run("a layer exports", &[]);
    run("a layer samples nothing", &[]);
}

fn a_layer_exports() {
    let exporter = beside_a_layer(SdkSampler::AlwaysOn);
    let telemetry = builder().init().unwrap();
    let _ = root(0, &mut Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let _ = runtime.block_on(task(false));
    telemetry.flush(SECOND).unwrap();
    let exported = exporter.get_finished_spans().unwrap();
    let exported: HashSet<Ids> = exported.iter().map(ids_of).collect();
    let named = exemplars();
    let functions: HashSet<_> = named
        .iter()
        .map(|exemplar| exemplar.labels.clone())
        .collect();
    assert_eq!(functions.len(), 3, "{named:?}");
    for exemplar in named {
        assert!(exported.contains(&(exemplar.trace, exemplar.span)));
    }
}

fn a_layer_samples_nothing() {
    let exporter = beside_a_layer(SdkSampler::AlwaysOff);
    let telemetry = builder().init().unwrap();
    // Fails, so that it is kept here.
    let _ = root(0, &mut Vec::new());
    telemetry.flush(SECOND).unwrap();
    assert!(exporter.get_finished_spans().unwrap().is_empty());
    assert_eq!(support::calls(), 3);
    assert!(exemplars().is_empty());
}
