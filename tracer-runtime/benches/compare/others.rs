//! The same functions with other libraries.

use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanData, SpanExporter};
use std::hint::black_box;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tracing_subscriber::layer::SubscriberExt as _;

/// Takes spans and drops them.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        EXPORTED.fetch_add(batch.len() as u64, Relaxed);
        drop(black_box(batch));
        Ok(())
    }
}

impl fastrace::collector::Reporter for Discard {
    fn report(&mut self, spans: Vec<fastrace::collector::SpanRecord>) {
        drop(black_box(spans));
    }
}

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();
static EXPORTED: AtomicU64 = AtomicU64::new(0);

/// Spans that the SDK has exported.
pub(crate) fn otel_exported() -> u64 {
    EXPORTED.load(Relaxed)
}

/// Exports what the SDK's queue holds.
pub(crate) fn otel_flush() {
    if let Some(provider) = PROVIDER.get() {
        provider.force_flush().unwrap();
    }
}

/// Starts them; `tracing` gets tracing-opentelemetry as the global default, which is its fastest way.
pub(crate) fn init() {
    fastrace::set_reporter(Discard, fastrace::collector::Config::default());
    let layer = tracing_opentelemetry::layer().with_tracer(otel_tracer());
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
}

pub(crate) fn otel_tracer() -> SdkTracer {
    let provider = PROVIDER.get_or_init(|| {
        SdkTracerProvider::builder()
            .with_batch_exporter(Discard)
            .build()
    });
    provider.tracer("compare")
}

/// A subscriber with tracing-opentelemetry alone.
pub(crate) fn otel_layer() -> tracing::Dispatch {
    let layer = tracing_opentelemetry::layer().with_tracer(otel_tracer());
    tracing::Dispatch::new(tracing_subscriber::registry().with(layer))
}

/// A subscriber with our layer alone.
pub(crate) fn our_layer() -> tracing::Dispatch {
    let layer = tracer_runtime::tracing_layer();
    tracing::Dispatch::new(tracing_subscriber::registry().with(layer))
}

#[inline(never)]
fn span_child(i: u64) -> u64 {
    let _span = tracing::info_span!("child", i).entered();
    black_box(i) + 1
}

/// Spans with one field under a span.
#[inline(never)]
pub(crate) fn span_root(calls: u64) -> u64 {
    let _span = tracing::info_span!("root").entered();
    (0..calls).map(span_child).sum()
}

pub(crate) fn registry() -> tracing::Dispatch {
    tracing::Dispatch::new(tracing_subscriber::registry())
}

#[inline(never)]
#[fastrace::trace]
fn fastrace_child(i: u64) -> u64 {
    black_box(i) + 1
}

pub(crate) fn fastrace_root(calls: u64) -> u64 {
    let root = fastrace::Span::root("root", fastrace::collector::SpanContext::random());
    let _current = root.set_local_parent();
    (0..calls).map(fastrace_child).sum()
}

#[inline(never)]
#[tracing::instrument(skip_all)]
fn instrument_child(i: u64) -> u64 {
    black_box(i) + 1
}

#[inline(never)]
#[tracing::instrument(skip_all)]
pub(crate) fn instrument_root(calls: u64) -> u64 {
    (0..calls).map(instrument_child).sum()
}

#[inline(never)]
#[tracer_runtime::instrument(skip_all)]
fn instrument_ours_child(i: u64) -> u64 {
    black_box(i) + 1
}

/// The same with our attribute: the subscriber's span, our span and our metrics.
#[inline(never)]
#[tracer_runtime::instrument(skip_all)]
pub(crate) fn instrument_ours_root(calls: u64) -> u64 {
    (0..calls).map(instrument_ours_child).sum()
}

#[inline(never)]
fn otel_child(tracer: &SdkTracer, i: u64) -> u64 {
    tracer.in_span("child", |_| black_box(i) + 1)
}

pub(crate) fn otel_root(tracer: &SdkTracer, calls: u64) -> u64 {
    tracer.in_span("root", |_| (0..calls).map(|i| otel_child(tracer, i)).sum())
}

#[inline(never)]
#[autometrics::autometrics]
fn autometrics_child(i: u64) -> u64 {
    black_box(i) + 1
}

pub(crate) fn autometrics_calls(calls: u64) -> u64 {
    (0..calls).map(autometrics_child).sum()
}
