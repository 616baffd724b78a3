//! An `OpenTelemetryLayer` exports the spans, as it did before there was `#[traced]`; we count, show trees and propagate,
//! with its ids.
//!
//! Run: `cargo run --example with_tracing_opentelemetry`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::time::Duration;

use http::HeaderMap;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracer_runtime::{InitError, propagation, record, traced};
use tracing::instrument;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[traced(server)]
fn handle(headers: &HeaderMap) -> Result<HeaderMap, String> {
    record("sent", headers.len() as i64);
    reserve(7)
}

/// Not one of ours, and in between all the same.
#[instrument]
fn reserve(id: u64) -> Result<HeaderMap, String> {
    call_warehouse(id)
}

#[traced(kind = client, args(id))]
fn call_warehouse(id: u64) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    propagation::inject(&mut headers);
    Ok(headers)
}

fn main() -> Result<(), Box<dyn Error>> {
    // As you have it. In memory here; `opentelemetry-otlp` in earnest.
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    tracing_subscriber::registry()
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("shop")))
        .init();

    // Two that export the same spans are one too many.
    let twice = tracer_runtime::builder().with_otlp().init();
    if let Err(error @ InitError::ExportedTwice { .. }) = &twice {
        println!("{error}\n");
    }
    assert!(matches!(twice, Err(InitError::ExportedTwice { .. })));
    // After the subscriber, so that the layer is found.
    let telemetry = tracer_runtime::builder()
        .with_service_name("shop")
        .with_console()
        .init()?;

    let mut headers = HeaderMap::new();
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    headers.insert("traceparent", caller.parse()?);
    let sent = handle(&headers)?;
    telemetry.flush(Duration::from_secs(10))?;

    let spans = exporter.get_finished_spans()?;
    for span in &spans {
        let named = &span.span_context;
        println!(
            "{:14} {}/{} below {}",
            span.name,
            named.trace_id(),
            named.span_id(),
            span.parent_span_id
        );
    }
    let [client, between, server] = &spans[..] else {
        return Err(format!("expected each span once: {spans:?}").into());
    };
    // One trace, that of the caller; what was sent on names the span that is exported.
    assert_eq!(server.parent_span_id.to_string(), "b7ad6b7169203331");
    assert_eq!(between.parent_span_id, server.span_context.span_id());
    assert_eq!(client.parent_span_id, between.span_context.span_id());
    let (trace, span) = (
        server.span_context.trace_id(),
        client.span_context.span_id(),
    );
    assert_eq!(
        sent["traceparent"].to_str()?,
        format!("00-{trace}-{span}-01")
    );
    Ok(())
}
