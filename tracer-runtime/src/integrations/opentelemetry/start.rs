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
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local, lost_record};
use crate::recorder::pipeline::Tether;
use crate::span::context::Context;
use crate::span::place::Place;

/// Where a span has been given a place.
pub(super) struct Placed {
    /// Names the span.
    pub(super) context: Context,
    pub(super) parent: SpanId,
    /// Kept by a root.
    pub(super) root: Option<Box<Fragment>>,
    /// Of the capture that watches.
    pub(super) pipe: Option<Tether>,
    tracestate: Option<Box<str>>,
}

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
    match local::with(|local| place(local, parent, named)) {
        Some(Some(placed)) => {
            let context = placed.context;
            let named = span_context(context, placed.tracestate.as_deref());
            Span::recording(
                named,
                context,
                Recording::start(site, scope, placed, builder),
            )
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
            Some(here) => Span::passed_on(span_context(here, None), Some(here)),
            None => Span::passed_on(named.clone(), None),
        },
    }
}

#[inline]
fn place(local: &Local, parent: &OtelContext, named: &SpanContext) -> Option<Placed> {
    let is_active = local.fragment_id.get() != 0;
    if !named.is_valid() || attached::is_around(local, named) {
        return match is_active {
            true => here(local, local.span.get()),
            false => root(local, Place::new_trace(local)?),
        };
    }
    if is_active && local.trace.get() == trace_of(named) {
        return here(local, span_of(named));
    }
    match place_of(parent) {
        Some(context) => below(local, context),
        None => root(local, Place::below_parent(remote(named))?),
    }
}

/// In the trace that is active on this thread.
#[inline]
fn here(local: &Local, parent: SpanId) -> Option<Placed> {
    let context = Context::here(local)?.with_span(local.next_span());
    // Mostly there is nothing of it.
    let is_plain = context.carried() == 0 && mode::get() & mode::CAPTURING == 0;
    let (pipe, tracestate) = match is_plain {
        true => (None, None),
        false => local.inspect(|fragment| {
            let tracestate = fragment.tracestate().map(Into::into);
            (fragment.pipe.clone(), tracestate)
        })?,
    };
    Some(Placed {
        context,
        parent,
        root: None,
        pipe,
        tracestate,
    })
}

/// In a trace that goes on elsewhere.
#[inline(never)]
fn below(local: &Local, parent: Context) -> Option<Placed> {
    let place = Place::below(parent)?;
    Some(Placed {
        context: parent.with_span(local.next_span()),
        parent: parent.span_id(),
        root: None,
        pipe: place.pipe(),
        tracestate: place.tracestate().map(Into::into),
    })
}

/// In a trace that begins here, or goes on here for another service.
#[inline(never)]
fn root(local: &Local, place: Place) -> Option<Placed> {
    let parent = place.parent;
    let tracestate = place.tracestate().map(Into::into);
    let Some((fragment, context)) = apart::open_root(local, place) else {
        lost_record(DropReason::Reentrant);
        return None;
    };
    Some(Placed {
        context,
        parent,
        pipe: fragment.pipe.clone(),
        root: Some(fragment),
        tracestate,
    })
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
pub(super) fn span_context(context: Context, tracestate: Option<&str>) -> SpanContext {
    let state = tracestate.and_then(|text| TraceState::from_str(text).ok());
    SpanContext::new(
        trace_id(context.trace_id()),
        span_id(context.span_id()),
        flags(context.is_sampled()),
        false,
        state.unwrap_or(TraceState::NONE),
    )
}
