//! Where an asynchronous call finds its fragment when its future is polled again.

use super::begun::Begun;
use super::guard::NOWHERE;
use crate::callsite::Callsite;
use crate::id::{SpanId, TraceId};
use crate::mode;
use crate::recorder::account::{DropReason, Tally};
use crate::recorder::call::Running;
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{Local, lost_record};
use crate::recorder::pipeline::GLOBAL;
use crate::recorder::verdict;

/// A call in the trace of somebody else.
#[inline(always)]
pub(super) fn child(
    local: &Local,
    site: &'static Callsite,
    parent: SpanId,
    span: SpanId,
    start: u64,
    trace: TraceId,
    counted: bool,
) -> Running {
    let mut call = Running {
        site,
        cell: Begun::cell(local, site, counted),
        fragment: local.fragment_id.get(),
        parent,
        span,
        start,
    };
    if call.fragment != 0 && local.trace.get() == trace {
        local.span.set(span);
    } else {
        find_fragment(&mut call, trace, local);
    }
    call
}

/// Opens the fragment of a root again that held nothing.
#[inline(always)]
pub(super) fn blank(
    local: &Local,
    site: &'static Callsite,
    span: SpanId,
    start: u64,
    trace: TraceId,
    counted: bool,
) -> Running {
    let sampled = GLOBAL.policy.samples(trace);
    let fragment = match local.fragment(span.0, trace, sampled) {
        Some(mut fragment) => {
            fragment.opened = start;
            fragment.plain = !sampled;
            push(local, fragment, span)
        }
        None => {
            lost_record(DropReason::Reentrant);
            NOWHERE
        }
    };
    Running {
        site,
        cell: Begun::cell(local, site, counted),
        fragment,
        parent: SpanId::INVALID,
        span,
        start,
    }
}

/// The trace that the call began in is not the active one: the future has been carried away.
#[cold]
#[inline(never)]
fn find_fragment(call: &mut Running, trace: TraceId, local: &Local) {
    let mode = mode::get();
    let mut pipe = None;
    if mode & mode::CAPTURING != 0 {
        pipe = captures::of(trace);
    }
    if mode & mode::INITIALISED == 0 {
        pipe = pipe.or_else(|| captures::adopt(trace));
        if pipe.is_none() {
            // The capture that it began in is gone.
            call.fragment = NOWHERE;
            return;
        }
    }
    let policy = pipe
        .as_ref()
        .map_or(&GLOBAL.policy, |pipe| &pipe.pipeline().policy);
    // As its trace was, unless another service decided that.
    let sampled = policy.samples(trace);
    let Some(mut orphan) = local.fragment(call.span.0, trace, sampled) else {
        call.fragment = NOWHERE;
        return lost_record(DropReason::Reentrant);
    };
    orphan.opened = call.start;
    orphan.partial = true;
    orphan.special = pipe.is_some();
    orphan.pipe = pipe;
    orphan.account().tally(Tally::Orphan);
    call.fragment = push(local, orphan, call.span);
}

/// Makes the fragment of a root the active one; its id.
pub(super) fn push(local: &Local, fragment: Box<Fragment>, span: SpanId) -> u64 {
    let id = fragment.id;
    match local.push_top(fragment, span) {
        Ok(()) => id,
        Err(fragment) => {
            // Its span has no place, but what it holds so far is judged, and those who wait for it learn of its end.
            fragment.account().dropped(DropReason::NestedTooDeep, 1);
            verdict::finish(Some(local), fragment);
            NOWHERE
        }
    }
}
