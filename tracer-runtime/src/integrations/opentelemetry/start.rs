//! Where a span of the API begins.

use std::str::FromStr as _;

use opentelemetry::Context as OtelContext;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanKind as OtelKind, TraceContextExt as _, TraceState,
};

use super::attached;
use super::convert::{flags, kind_of, span_id, span_of, trace_id, trace_of};
use super::recording::Recording;
use super::scope::Scope;
use super::span::{Span, place_of};
use crate::context::{Carried, RANDOM, Remote, SAMPLED};
use crate::recorder::account::DropReason;
use crate::recorder::local::{self, Local, lost_record};
use crate::span::context::Context;
use crate::span::detached::Under;

/// Starts a span below what `parent` names, or below what is current.
#[inline]
pub(super) fn start(scope: &'static Scope, builder: SpanBuilder, parent: &OtelContext) -> Span {
    let span = parent.span();
    let named = span.span_context();
    let kind = builder.span_kind.as_ref().unwrap_or(&OtelKind::Internal);
    let site = scope.site(kind_of(kind));
    if !site.signals().has_spans() {
        let standing = local::with(|local| passed_on(local, parent, named));
        return standing.unwrap_or_else(|| Span::passed_on(named.clone(), None));
    }
    let mut recording = Recording::blank(site, scope);
    // Filled where it stays, as is all that it begins with: a copy of what was just written waits for the processor.
    let place = &mut recording.place;
    let placed = local::with(|local| match is_below_current(local, named) {
        true => place.child(local, local.span.get()),
        false => place.place(local, &under(local, parent, named)),
    });
    match placed {
        Some(Some(())) => {
            recording.named = span_context(&place.context(), place.carried().as_deref());
            recording.start(builder);
            Span::recording(recording)
        }
        Some(None) => Span::passed_on(named.clone(), None),
        None => {
            lost_record(DropReason::ThreadExit);
            Span::passed_on(named.clone(), None)
        }
    }
}

/// Whether it hangs below what is current here, as it mostly does.
#[inline]
fn is_below_current(local: &Local, named: &SpanContext) -> bool {
    local.fragment_id.get() != 0 && (attached::is_around(local, named) || !named.is_valid())
}

/// What it hangs below otherwise.
#[inline(never)]
fn under(local: &Local, parent: &OtelContext, named: &SpanContext) -> Under {
    if !named.is_valid() {
        return Under::Current;
    }
    if local.is_in(trace_of(named)) {
        return Under::Active(span_of(named));
    }
    match place_of(parent) {
        Some(context) => Under::Span(context),
        None => Under::Remote(remote(named)),
    }
}

/// A span that nobody records stands for its parent.
#[cold]
fn passed_on(local: &Local, parent: &OtelContext, named: &SpanContext) -> Span {
    match named.is_valid() && !attached::is_around(local, named) {
        true => Span::passed_on(named.clone(), place_of(parent)),
        false => match Context::here(local) {
            Some(here) => Span::passed_on(span_context(&here, None), Some(here)),
            None => Span::passed_on(named.clone(), None),
        },
    }
}

/// A parent in another service, or one that we know nothing of.
pub(super) fn remote(context: &SpanContext) -> Remote {
    let flags = context.trace_flags().to_u8() & (SAMPLED | RANDOM);
    let mut remote = Remote::new(trace_of(context), span_of(context), flags);
    if *context.trace_state() != TraceState::NONE {
        remote.carried = Some(
            Carried {
                tracestate: Some(context.trace_state().header().into()),
                ..Carried::default()
            }
            .into(),
        );
    }
    remote
}

/// As the API names a span of ours.
#[inline]
pub(super) fn span_context(context: &Context, carried: Option<&Carried>) -> SpanContext {
    let state = carried.and_then(|carried| {
        let text = carried.tracestate.as_deref()?;
        TraceState::from_str(text).ok()
    });
    SpanContext::new(
        trace_id(context.trace_id()),
        span_id(context.span_id()),
        flags(context.is_sampled()),
        false,
        state.unwrap_or(TraceState::NONE),
    )
}
