//! Subscribers with a layer that exports to memory, and what both sides have of a span.

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, InMemorySpanExporterBuilder, Sampler, SdkTracer, SdkTracerProvider,
    SpanData,
};
use tracer_runtime::testing::{self, Capture, CapturedSpan};
use tracer_runtime::{Ids, current_ids};
use tracing::Dispatch;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, registry};

/// Where the layer exports to, and a capture of ours.
pub(crate) struct Both {
    pub(crate) capture: Capture,
    pub(crate) provider: SdkTracerProvider,
    exporter: InMemorySpanExporter,
}

impl Both {
    pub(crate) fn new(sampler: Sampler) -> Self {
        let exporter = InMemorySpanExporterBuilder::new().build();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .with_sampler(sampler)
            .build();
        Self {
            capture: testing::capture(),
            provider,
            exporter,
        }
    }

    /// Exports on a thread of its own, once [`Self::exported`] is asked.
    pub(crate) fn in_batches() -> Self {
        let exporter = InMemorySpanExporterBuilder::new().build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter.clone())
            .build();
        Self {
            capture: testing::capture(),
            provider,
            exporter,
        }
    }

    pub(crate) fn layer(&self) -> OpenTelemetryLayer<Registry, SdkTracer> {
        tracing_opentelemetry::layer().with_tracer(self.provider.tracer("test"))
    }

    /// In the order of their ends.
    pub(crate) fn exported(&self) -> Vec<SpanData> {
        self.provider.force_flush().unwrap();
        self.exporter.get_finished_spans().unwrap()
    }

    /// The one that was exported under this name.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> SpanData {
        let mut named = self.exported();
        named.retain(|span| span.name == name);
        assert_eq!(named.len(), 1, "{name} is exported {} times", named.len());
        named.remove(0)
    }

    /// Each captured span was exported once, with the same ids and the same parent.
    #[track_caller]
    pub(crate) fn assert_same(&self) {
        let mut exported: Vec<_> = self.exported().iter().map(of_exported).collect();
        let mut captured: Vec<_> = self.capture.spans().iter().map(of_captured).collect();
        exported.sort();
        captured.sort();
        assert_eq!(captured, exported);
    }
}

/// Runs something beside a layer that samples everything.
pub(crate) fn beside(run: impl FnOnce()) -> Both {
    let both = Both::new(Sampler::AlwaysOn);
    let dispatch = Dispatch::new(registry().with(both.layer()));
    tracing::dispatcher::with_default(&dispatch, run);
    both
}

/// Name, trace, span, parent.
type Known = (String, String, String, String);

fn of_exported(span: &SpanData) -> Known {
    let named = &span.span_context;
    (
        span.name.to_string(),
        named.trace_id().to_string(),
        named.span_id().to_string(),
        parent_of(span.parent_span_id),
    )
}

fn parent_of(id: SpanId) -> String {
    match id == SpanId::INVALID {
        true => "none".to_owned(),
        false => id.to_string(),
    }
}

fn of_captured(span: &CapturedSpan) -> Known {
    let parent = match span.parent_id.is_valid() {
        true => span.parent_id.to_string(),
        false => "none".to_owned(),
    };
    (
        span.name().to_owned(),
        span.trace_id.to_string(),
        span.span_id.to_string(),
        parent,
    )
}

/// As `traceparent` has them.
pub(crate) fn ours() -> String {
    current_ids().map_or_else(|| "none".to_owned(), text_of)
}

fn text_of(ids: Ids) -> String {
    let flags = u8::from(ids.sampled);
    format!("00-{}-{}-{flags:02x}", ids.trace_id, ids.span_id)
}

/// The same of what the API has for current.
pub(crate) fn theirs() -> String {
    OtelContext::map_current(|current| named(current.span().span_context()))
}

pub(crate) fn named(context: &SpanContext) -> String {
    let flags = context.trace_flags().to_u8() & 1;
    format!(
        "00-{}-{}-{flags:02x}",
        context.trace_id(),
        context.span_id()
    )
}
