//! Spans by the API of `opentelemetry`.

use opentelemetry::trace::{Span as _, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use tracer_runtime::integrations::opentelemetry::{Span, Tracer, TracerProvider};

/// Drives a span by hand, then one in a context; whether the first was recorded.
#[must_use]
pub fn spans() -> bool {
    let tracer: Tracer = TracerProvider::new().tracer("client");
    let mut span: Span = tracer.start("by hand");
    let recording = span.is_recording();
    span.set_attribute(KeyValue::new("n", 1));
    span.add_event("seen", Vec::new());
    span.add_link(span.span_context().clone(), Vec::new());
    span.set_status(Status::Ok);
    span.update_name("renamed");
    span.end();
    tracer.in_span("around", |_context: Context| crate::functions::plain());
    recording
}
