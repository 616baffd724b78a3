//! The API of OpenTelemetry over our provider and over the SDK's, and what it costs to show our spans to it.

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{
    Span as _, SpanContext, TraceContextExt as _, TraceFlags, TraceState, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use std::hint::black_box;
use std::time::Duration;
use tracer_runtime::__private::set_otel_context;
use tracer_runtime::OtelContext;
use tracer_runtime::integrations::opentelemetry::TracerProvider;

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

/// The SDK as it is without us: to be measured before [`rows`], from where on contexts are watched.
pub(crate) fn sdk(per_row: Duration) -> Rows {
    let tracer = BoxedTracer::new(Box::new(others::otel_tracer()));
    let parent = caller(TraceFlags::SAMPLED);
    let mut rows = Rows::default();
    let title = "API span, an attribute: SDK, batch";
    rows.add("sdk", title, CHILDREN, move || {
        black_box(root(&tracer, &parent, child));
    });
    let tracer = BoxedTracer::new(Box::new(others::otel_tracer()));
    let parent = caller(TraceFlags::SAMPLED);
    let title = "API span in its context: SDK, batch";
    rows.add("sdk in context", title, CHILDREN, move || {
        black_box(root(&tracer, &parent, child_in_context));
    });
    rows.measure(per_row);
    rows
}

pub(crate) fn rows(per_row: Duration) -> Rows {
    let sampled = caller(TraceFlags::SAMPLED);
    let unsampled = caller(TraceFlags::NOT_SAMPLED);
    let ours = || BoxedTracer::new(Box::new(TracerProvider::new().tracer("compare")));
    let mut rows = Rows::default();
    let (tracer, parent) = (ours(), sampled.clone());
    let title = "API span, an attribute: ours, all kept";
    rows.add("api", title, CHILDREN, move || {
        black_box(root(&tracer, &parent, child));
    });
    let (tracer, parent) = (ours(), sampled.clone());
    let title = "API span in its context: ours, all kept";
    rows.add("api in context", title, CHILDREN, move || {
        black_box(root(&tracer, &parent, child_in_context));
    });
    let (tracer, parent) = (ours(), unsampled);
    let title = "API span, an attribute: ours, nothing kept";
    rows.add("api unkept", title, CHILDREN, move || {
        black_box(root(&tracer, &parent, child));
    });
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
    rows
}
