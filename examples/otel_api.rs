//! Crates that know the API of OpenTelemetry alone, and exporters that are written for its SDK: one trace with both.
//!
//! Run: `cargo run --example otel_api`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use tracer_runtime::traced;

/// A client of some cache, instrumented by its author. It depends on `opentelemetry` only.
mod cache {
    use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _};
    use opentelemetry::{KeyValue, global};

    pub(crate) fn get(key: &'static str, load: impl FnOnce() -> u32) -> u32 {
        let tracer = global::tracer("some-cache");
        let get = SpanBuilder::from_name("GET")
            .with_kind(SpanKind::Client)
            .with_attributes([KeyValue::new("cache.key", key)]);
        tracer.in_span_with_builder(get, |context| {
            context.span().add_event("miss", Vec::new());
            let value = load();
            context.span().set_status(Status::Ok);
            value
        })
    }
}

#[traced(kind = server)]
fn handle() -> u32 {
    // Whoever reads the API's context finds the span that serves the caller; `with_otel_context` says otherwise.
    let current = Context::current();
    println!(
        "handling in span {}",
        current.span().span_context().span_id()
    );
    cache::get("stock", count)
}

#[traced]
fn count() -> u32 {
    3
}

fn main() -> Result<(), Box<dyn Error>> {
    // Any exporter for the SDK, beside `.with_otlp()` or alone.
    let exporter = InMemorySpanExporter::default();
    let telemetry = tracer_runtime::builder()
        .with_service_name("shop")
        .with_span_exporter(exporter.clone())
        .init()?;
    assert_eq!(handle(), 3);
    telemetry.flush(Duration::from_secs(10))?;

    let spans = exporter.get_finished_spans()?;
    for span in &spans {
        println!(
            "{:7} of {:15} {:?}",
            span.name,
            span.instrumentation_scope.name(),
            span.status
        );
    }
    let named = |name: &str| spans.iter().find(|span| span.name == name);
    let (Some(handle), Some(get), Some(count)) = (named("handle"), named("GET"), named("count"))
    else {
        return Err(format!("a span is missing: {spans:?}").into());
    };
    let is_below =
        |child: &SpanData, parent: &SpanData| child.parent_span_id == parent.span_context.span_id();
    assert!(is_below(get, handle) && is_below(count, get));
    Ok(())
}
