//! The API of OpenTelemetry over our provider and over the SDK's, and what it costs to show our spans to it.

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{
    Span as _, SpanContext, TraceContextExt as _, TraceFlags, TraceState, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;
use tracer_runtime::__private::set_otel_context;
use tracer_runtime::integrations::opentelemetry::TracerProvider;
use tracer_runtime::{OtelContext, Telemetry};

use crate::bridges::flush;
use crate::measure::Rows;
use crate::{CHILDREN, others, ours};

#[inline(never)]
fn child(tracer: &BoxedTracer, i: u64) -> u64 {
    let mut span = tracer.start("child");
    span.set_attribute(KeyValue::new("i", i as i64));
    span.end();
    black_box(i) + 1
}

#[inline(never)]
fn child_in_context(tracer: &BoxedTracer, i: u64) -> u64 {
    tracer.in_span("child", |context| {
        context.span().set_attribute(KeyValue::new("i", i as i64));
        black_box(i) + 1
    })
}

/// As a crate does it that has asked the global provider for its tracer, below a caller that has sampled its trace.
fn root(tracer: &BoxedTracer, caller: &Context, child: fn(&BoxedTracer, u64) -> u64) -> u64 {
    tracer.in_span_with_context("root", caller, |_| {
        (0..CHILDREN).map(|i| child(tracer, i)).sum()
    })
}

fn caller(flags: TraceFlags) -> Context {
    let named = SpanContext::new(1.into(), 2.into(), flags, true, TraceState::NONE);
    Context::new().with_remote_span_context(named)
}

fn shown(spans: OtelContext, calls: impl FnOnce() -> u64) {
    set_otel_context(spans);
    black_box(calls());
    set_otel_context(OtelContext::Off);
}

fn sdk(child: fn(&BoxedTracer, u64) -> u64) -> impl FnMut() {
    let tracer = BoxedTracer::new(Box::new(others::otel_tracer()));
    let parent = caller(TraceFlags::SAMPLED);
    move || {
        black_box(root(&tracer, &parent, child));
    }
}

/// The SDK as it is without us: to be measured before [`rows`], from where on contexts are watched.
pub(crate) fn sdk_in_context(per_row: Duration) -> Rows {
    let mut rows = Rows::default();
    let title = "API span in its context: SDK, batch";
    let run = sdk(child_in_context);
    rows.add_in_bursts("sdk in context", title, CHILDREN, run, others::otel_flush);
    rows.measure(per_row);
    rows
}

/// The API over our provider, and in turns with it over the SDK's, where only the root attaches a context.
pub(crate) fn rows(telemetry: &Rc<Telemetry>, per_row: Duration) -> Rows {
    let sampled = caller(TraceFlags::SAMPLED);
    let unsampled = caller(TraceFlags::NOT_SAMPLED);
    let ours = || BoxedTracer::new(Box::new(TracerProvider::new().tracer("compare")));
    let mut rows = Rows::default();
    let title = "API span, an attribute: SDK, batch";
    rows.add_in_bursts("sdk", title, CHILDREN, sdk(child), others::otel_flush);
    let (tracer, parent) = (ours(), sampled.clone());
    let title = "API span, an attribute: ours, all kept";
    let run = move || {
        black_box(root(&tracer, &parent, child));
    };
    rows.add_in_bursts("api", title, CHILDREN, run, flush(telemetry));
    let (tracer, parent) = (ours(), sampled.clone());
    let title = "API span in its context: ours, all kept";
    let run = move || {
        black_box(root(&tracer, &parent, child_in_context));
    };
    rows.add_in_bursts("api in context", title, CHILDREN, run, flush(telemetry));
    let (tracer, parent) = (ours(), unsampled);
    let title = "API span, an attribute: ours, nothing kept";
    rows.add("api unkept", title, CHILDREN, move || {
        black_box(root(&tracer, &parent, child));
    });
    rows.measure(per_row);
    rows
}

/// Annotated calls whose spans the API's contexts show.
pub(crate) fn shown_spans(per_row: Duration) {
    let mut rows = Rows::default();
    for (key, title, spans) in [
        (
            "child off",
            "#[traced], not in the context of OpenTelemetry",
            OtelContext::Off,
        ),
        (
            "child entry",
            "#[traced] in the context of its entry span",
            OtelContext::EntrySpans,
        ),
        (
            "child all",
            "#[traced] in the context of OpenTelemetry",
            OtelContext::AllSpans,
        ),
    ] {
        rows.add(key, title, CHILDREN, move || {
            shown(spans, || ours::root(CHILDREN));
        });
    }
    for (key, title, spans) in [
        (
            "root entry",
            "its own root, beside entry spans",
            OtelContext::EntrySpans,
        ),
        (
            "root all",
            "its own root, in the context",
            OtelContext::AllSpans,
        ),
    ] {
        rows.add(key, title, CHILDREN, move || {
            shown(spans, || ours::calls(CHILDREN));
        });
    }
    for (key, title, spans) in [
        (
            "entry off",
            "an entry span, not in the context",
            OtelContext::Off,
        ),
        (
            "entry",
            "an entry span, in the context",
            OtelContext::EntrySpans,
        ),
    ] {
        rows.add(key, title, CHILDREN, move || {
            shown(spans, || ours::entries(CHILDREN));
        });
    }
    rows.measure(per_row);
}
