//! Events of `tracing` as log records of OTLP, each with the ids of its span.
#![cfg(all(feature = "otlp", feature = "tracing"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use support::receiver::{Received, Receiver};
use tracer_runtime::{event, traced};
use tracing::{Level, debug, error, info, info_span, trace, warn};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

#[traced]
fn order() {
    info!(id = 7, ratio = 0.5, "placed\nfor good");
    let other = info_span!("other");
    info_span!("reserve").in_scope(|| {
        warn!(target: "shop::stock", left = true, "nearly out");
        debug!(parent: &other, "over there");
        info!(parent: None, "nowhere");
        error!(error = "gone");
    });
    tracing::event!(name: "reserved", Level::INFO, n = 1);
    event!("ours", n = 2);
    trace!("too much");
}

/// Severity, body, event name, scope, the other attributes, and the name of the span.
fn line(log: &LogRecord, received: &Received) -> String {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|v| v.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    };
    let attribute = |a: &KeyValue| format!("{}={}", a.key, text(&a.value));
    let attributes: Vec<_> = log.attributes.iter().map(attribute).collect();
    let span = received
        .spans
        .iter()
        .find(|span| span.span_id == log.span_id);
    let span = span.map_or("-", |span| {
        assert_eq!((&span.trace_id, log.flags), (&log.trace_id, 1));
        &span.name
    });
    assert_eq!(span == "-", log.trace_id.is_empty() && log.flags == 0);
    assert!(log.time_unix_nano != 0 && log.time_unix_nano <= log.observed_time_unix_nano);
    let body = log.body.as_ref().map(|body| text(&Some(body.clone())));
    format!(
        "{span}: {} {} {:?} {:?} {}",
        log.severity_number,
        log.severity_text,
        body.unwrap_or_default(),
        log.event_name,
        attributes.join(" ")
    )
}

#[test]
fn each_event_is_a_record_with_the_ids_of_its_span() {
    let receiver = Receiver::default();
    tracing_subscriber::registry()
        .with(tracer_runtime::tracing_layer().with_filter(LevelFilter::DEBUG))
        .init();
    info!("before");
    let telemetry = tracer_runtime::builder()
        .with_otlp_endpoint(receiver.start())
        .with_otlp_logs()
        .with_filter("tracing_logs::quiet=off")
        .init()
        .unwrap();
    info!("alone");
    info!(target: "tracing_logs::quiet", "filtered");
    order();
    // Metrics have no receiver.
    let _ = telemetry.shutdown(Duration::from_secs(10));
    info!("after");
    let received = receiver.received();
    let lines: Vec<_> = received
        .logs
        .iter()
        .map(|log| line(log, &received))
        .collect();
    let expected = [
        r#"-: 9 INFO "alone" "" otel.scope.name=tracing_logs"#,
        r#"order: 9 INFO "placed\nfor good" "" otel.scope.name=tracing_logs id=7 ratio=0.5"#,
        r#"reserve: 13 WARN "nearly out" "" otel.scope.name=shop::stock left=true"#,
        r#"other: 5 DEBUG "over there" "" otel.scope.name=tracing_logs"#,
        r#"-: 9 INFO "nowhere" "" otel.scope.name=tracing_logs"#,
        r#"reserve: 17 ERROR "gone" "exception" otel.scope.name=tracing_logs exception.message=gone"#,
        r#"order: 9 INFO "" "reserved" otel.scope.name=tracing_logs n=1"#,
        r#"order: 9 INFO "" "ours" otel.scope.name=tracing_logs n=2"#,
    ];
    assert_eq!(lines, expected);
    // What the spans say is as without logs.
    let order = received
        .spans
        .iter()
        .find(|span| span.name == "order")
        .unwrap();
    let events: Vec<_> = order.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["placed", "reserved", "ours"]);
}
