//! A whole process with an `OpenTelemetryLayer` as its subscriber: who exports, and what `init` says.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::Duration;

use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry::{Context, global};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use support::{run_child, settled, stderr_of};
use tracer_runtime::{Builder, InitError, builder, current_ids, traced};
use tracing_subscriber::layer::SubscriberExt as _;

const SECOND: Duration = Duration::from_secs(1);

#[traced(kind = server)]
fn handle() -> String {
    global::tracer("client").in_span("by the api", |_| inner());
    current_ids().unwrap().span_id.to_string()
}

#[traced]
fn inner() {}

#[test]
fn child() {
    match std::env::var(support::CHILD).as_deref() {
        Ok("one exports") => one_exports(),
        Ok("both export") => both_export(),
        Ok("from the environment") => from_the_environment(),
        Ok("metrics alone") => metrics_alone(),
        _ => {}
    }
}

fn install() -> InMemorySpanExporter {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("layer"));
    global::set_tracer_provider(provider);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    exporter
}

fn run(name: &str, variables: &[(&str, &str)]) {
    let output = run_child(name)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr_of(&output));
}

#[test]
fn the_layer_exports_and_we_count_and_show() {
    run("one exports", &[]);
}

fn one_exports() {
    let exporter = install();
    let telemetry = builder().with_discarding_exporter().init().unwrap();
    let ours = handle();
    telemetry.flush(SECOND).unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
    assert_eq!(names, ["inner", "by the api", "handle"]);
    assert_eq!(ours, spans[2].span_context.span_id().to_string());
    for (span, parent) in [(0, 1), (1, 2)] {
        assert_eq!(
            spans[span].parent_span_id,
            spans[parent].span_context.span_id()
        );
    }
    assert_eq!(spans[2].span_kind, opentelemetry::trace::SpanKind::Server);
    // Those of ours; the one of the API is the provider's alone.
    assert_eq!(settled(), 2);
    assert!(!Context::map_current(Context::is_telemetry_suppressed));
}

#[test]
fn where_both_would_export_init_says_which_settings_do() {
    run("both export", &[]);
}

fn setting_of(builder: Builder) -> (&'static str, String) {
    let error = builder.init().unwrap_err();
    let text = error.to_string();
    let InitError::ExportedTwice { setting, .. } = error else {
        panic!("{text}");
    };
    (setting, text)
}

fn both_export() {
    let exporter = install();
    let spans = || InMemorySpanExporter::default();
    for (built, expected) in [
        (builder().with_otlp(), "with_otlp"),
        (
            builder().with_otlp_endpoint("http://localhost:1"),
            "with_otlp_endpoint",
        ),
        (builder().with_span_exporter(spans()), "with_span_exporter"),
    ] {
        let (setting, text) = setting_of(built);
        assert_eq!(setting, expected);
        assert!(text.contains(expected) && text.contains("OpenTelemetryLayer"));
        assert!(text.contains("leave out"));
    }
    // To ask has shown nobody anything, and what watches does not export.
    assert!(exporter.get_finished_spans().unwrap().is_empty());
    let telemetry = builder().with_discarding_exporter().init().unwrap();
    drop(telemetry);
}

#[test]
fn so_it_does_where_the_environment_has_chosen() {
    run("from the environment", &[]);
    let none = [
        ("OTEL_TRACES_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ];
    run("metrics alone", &none);
}

fn from_the_environment() {
    install();
    let error = tracer_runtime::init().unwrap_err();
    assert!(error.to_string().contains("OTEL_TRACES_EXPORTER=none"));
    assert!(matches!(
        error,
        InitError::ExportedTwice {
            setting: "OTEL_TRACES_EXPORTER",
            ..
        }
    ));
}

fn metrics_alone() {
    let exporter = install();
    let telemetry = tracer_runtime::init().unwrap();
    let ours = handle();
    telemetry.flush(SECOND).unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    assert_eq!(ours, spans[2].span_context.span_id().to_string());
    assert_eq!(settled(), 2);
}
