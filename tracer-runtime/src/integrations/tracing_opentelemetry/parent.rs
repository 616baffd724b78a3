//! The parent of the layer's span, where the layer cannot find it by itself.

use std::str::FromStr as _;

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{SpanContext, TraceContextExt as _, TraceState};
use tracing::Span;
use tracing_core::{Dispatch, Subscriber as _, dispatcher, span};
use tracing_opentelemetry::{OpenTelemetrySpanExt as _, SetParentError};
use tracing_subscriber::Registry;

use super::api;
use crate::id::SpanId;
use crate::integrations::opentelemetry as otel;
use crate::recorder::local::{self, Local};
use crate::recorder::renamed::Begun;
use crate::subscriber::is_ours;

/// How the subscriber is told where a span hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hung {
    /// Under what is current.
    Current,
    Root,
    /// Under one of its own.
    Below,
}

/// What the layer has to be told.
#[derive(Debug)]
pub(crate) struct Parent(Option<OtelContext>);

impl Parent {
    pub(crate) fn of(dispatch: &Dispatch, begun: &Begun, hung: Hung) -> Self {
        Self(wanted(dispatch, begun, hung))
    }

    /// Makes a new span in the subscriber. A layer that attaches contexts takes its parent from them.
    pub(crate) fn within<R>(&self, new_span: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(parent) => {
                let attached = otel::quietly(|| parent.clone().attach());
                let made = new_span();
                otel::quietly(|| drop(attached));
                made
            }
            None => new_span(),
        }
    }

    /// Before the span is entered: afterwards its parent is fixed. One that does not attach any has to be told.
    pub(super) fn tell(self, dispatch: &Dispatch, id: &span::Id) {
        if let Some(parent) = self.0 {
            let _ = set(dispatch, id, parent);
        }
    }
}

fn wanted(dispatch: &Dispatch, begun: &Begun, hung: Hung) -> Option<OtelContext> {
    let has_parent = begun.parent.is_valid();
    match hung {
        Hung::Below => None,
        Hung::Root => has_parent.then(|| below(begun.parent)).flatten(),
        Hung::Current => {
            let current = api::current().map(|ids| ids.span_id);
            if current == Some(begun.span) {
                // A context of ours stands for the call itself.
                return match has_parent {
                    true => below(begun.parent),
                    false => Some(OtelContext::new()),
                };
            }
            if !has_parent {
                // What is left of a layer that was taken away in a call.
                return (current.is_some() && otel::is_quiet()).then(OtelContext::new);
            }
            if current == Some(begun.parent) {
                return None;
            }
            let is_outermost = base() == Some(begun.parent);
            let is_unseen = || current.is_none() && is_innermost(dispatch);
            (is_outermost || is_unseen())
                .then(|| below(begun.parent))
                .flatten()
        }
    }
}

/// Whether no span of others is between the parent of a call and the call. A layer that has no context for one of ours
/// may be kept from seeing it.
fn is_innermost(dispatch: &Dispatch) -> bool {
    match dispatch.current_span().metadata() {
        Some(metadata) => super::has_been_seen() && is_ours(metadata),
        None => true,
    }
}

/// Where the active fragment was opened: below a caller, or where a context was attached.
fn base() -> Option<SpanId> {
    local::with(|local| local.inspect(|fragment| fragment.base)).flatten()
}

/// A context that names this span of the active trace.
fn below(span: SpanId) -> Option<OtelContext> {
    let named = local::with(|local| named(local, span)).flatten()?;
    otel::can_ask().then(|| OtelContext::current().with_remote_span_context(named))
}

fn named(local: &Local, span: SpanId) -> Option<SpanContext> {
    let trace = local.trace.get();
    local.inspect(|fragment| {
        let state = fragment.tracestate();
        let state = state.and_then(|text| TraceState::from_str(text).ok());
        SpanContext::new(
            otel::trace_id(trace),
            otel::span_id(span),
            otel::flags(fragment.sampled),
            fragment.remote_parent.is_some(),
            state.unwrap_or(TraceState::NONE),
        )
    })
}

/// Sets the parent of a span that has not been entered. The layer takes it by way of a `tracing::Span` only, and such a
/// thing can only be had of a span that is current: so for a moment it is, where no layer is told.
pub(super) fn set(
    dispatch: &Dispatch,
    id: &span::Id,
    parent: OtelContext,
) -> Result<(), SetParentError> {
    let registry = dispatch.downcast_ref::<Registry>();
    let registry = registry.ok_or(SetParentError::LayerNotFound)?;
    dispatcher::with_default(dispatch, || {
        registry.enter(id);
        let span = Span::current();
        let told = match span.id().as_ref() == Some(id) {
            true => span.set_parent(parent),
            false => Err(SetParentError::SpanDisabled),
        };
        drop(span);
        registry.exit(id);
        told
    })
}
