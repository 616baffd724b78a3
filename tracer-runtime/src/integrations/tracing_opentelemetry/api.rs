//! What the API and the layer say of a span.

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing_core::{Dispatch, span};

use crate::context::Ids;
use crate::integrations::opentelemetry as otel;

/// Of the span in the API's current context.
pub(super) fn current() -> Option<Ids> {
    if !otel::can_ask() {
        return None;
    }
    OtelContext::map_current(|current| ids_of(current.span().span_context()))
}

/// The context of the span that a layer has of this one, which begins now unless it has before; `None` where none has.
pub(super) fn context_of(id: &span::Id, dispatch: &Dispatch) -> Option<OtelContext> {
    tracing_opentelemetry::get_otel_context(id, dispatch)
}

pub(super) fn ids_of(named: &SpanContext) -> Option<Ids> {
    named.is_valid().then(|| Ids {
        trace_id: otel::trace_of(named),
        span_id: otel::span_of(named),
        sampled: named.is_sampled(),
    })
}
