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
use crate::id::SpanId;
use crate::mode;
use crate::recorder::account::DropReason;
use crate::recorder::apart;
use crate::recorder::local::{self, Local, lost_record};
use crate::span::context::Context;
use crate::span::place::Place;

/// Starts a span below what `parent` names, or below what is current.
pub(super) fn start(scope: &'static Scope, mut builder: SpanBuilder, parent: &OtelContext) -> Span {
    let span = parent.span();
    let named = span.span_context();
    let kind = builder.span_kind.take().unwrap_or(OtelKind::Internal);
    let site = scope.site(kind_of(&kind));
    if !site.signals().has_spans() {
        let standing = local::with(|local| passed_on(local, parent, named));
        return standing.unwrap_or_else(|| Span::passed_on(named.clone(), None));
    }
    let mut recording = Recording::blank(site, scope);
    // Filled where it stays, as is all that it begins with: a copy of what was just written waits for the processor.
    match local::with(|local| place(local, parent, named, &mut recording)) {
        Some(Some(())) => {
            recording.start(&mut builder);
            Span::recording(recording)
        }
        Some(None) => Span::passed_on(named.clone(), None),
        None => {
            lost_record(DropReason::ThreadExit);
            Span::passed_on(named.clone(), None)
        }
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

/// Gives it a place; `None` where nobody records it.
#[inline]
fn place(
    local: &Local,
    parent: &OtelContext,
    named: &SpanContext,
    span: &mut Recording,
) -> Option<()> {
    let is_active = local.fragment_id.get() != 0;
    if !named.is_valid() || attached::is_around(local, named) {
        return match is_active {
            true => here(local, local.span.get(), span),
            false => root(local, Place::new_trace(local)?, span),
        };
    }
    if is_active && local.trace.get() == trace_of(named) {
        return here(local, span_of(named), span);
    }
    match place_of(parent) {
        Some(context) => below(local, context, span),
        None => root(local, Place::below_parent(remote(named))?, span),
    }
}

/// In the trace that is active on this thread.
#[inline]
fn here(local: &Local, parent: SpanId, span: &mut Recording) -> Option<()> {
    let escaped = local.escape()?;
    span.context = Context::of(local.trace.get(), local.next_span(), &escaped);
    span.parent = parent;
    // Mostly there is nothing of it.
    if escaped.carried == 0 && mode::get() & mode::CAPTURING == 0 {
        span.named = span_context(&span.context, None);
        return Some(());
    }
    let (pipe, tracestate): (_, Option<Box<str>>) = local.inspect(|fragment| {
        let tracestate = fragment.tracestate().map(Into::into);
        (fragment.pipe.clone(), tracestate)
    })?;
    span.named = span_context(&span.context, tracestate.as_deref());
    span.pipe = pipe;
    Some(())
}

/// In a trace that goes on elsewhere.
#[inline(never)]
fn below(local: &Local, parent: Context, span: &mut Recording) -> Option<()> {
    let place = Place::below(parent)?;
    span.context = parent.with_span(local.next_span());
    span.parent = parent.span_id();
    span.named = span_context(&span.context, place.tracestate());
    span.pipe = place.pipe();
    Some(())
}

/// In a trace that begins here, or goes on here for another service.
#[inline(never)]
fn root(local: &Local, place: Place, span: &mut Recording) -> Option<()> {
    span.parent = place.parent;
    let tracestate: Option<Box<str>> = place.tracestate().map(Into::into);
    let Some((fragment, context)) = apart::open_root(local, place) else {
        lost_record(DropReason::Reentrant);
        return None;
    };
    span.context = context;
    span.named = span_context(&context, tracestate.as_deref());
    span.pipe = fragment.pipe.clone();
    span.root = Some(fragment);
    Some(())
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
pub(super) fn span_context(context: &Context, tracestate: Option<&str>) -> SpanContext {
    let state = tracestate.and_then(|text| TraceState::from_str(text).ok());
    SpanContext::new(
        trace_id(context.trace_id()),
        span_id(context.span_id()),
        flags(context.is_sampled()),
        false,
        state.unwrap_or(TraceState::NONE),
    )
}
