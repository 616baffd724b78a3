//! The polls of an asynchronous call after its first one: where it finds its fragment, and where it leaves it.

use std::mem;
use std::num::NonZeroU64;

use super::guard::NOWHERE;
use super::state::{Child, Other, Started, State};
use crate::id::{SpanId, TraceId};
use crate::mode;
use crate::recorder::account::{DropReason, Tally};
use crate::recorder::call::Before;
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{Local, lost_record};
use crate::recorder::pipeline::GLOBAL;
use crate::recorder::verdict;

/// [`root_here`], where that is one of several ways.
#[inline(never)]
pub(super) fn root(local: &Local, state: &mut State) -> Before {
    root_here(local, state)
}

/// Gives the fragment of a root to the thread, where nothing else is active as a rule; what was current before.
#[inline(always)]
pub(super) fn root_here(local: &Local, state: &mut State) -> Before {
    let before = local.before();
    let (start, fragment, span) = match &mut *state {
        State::Other(Other::Root {
            span,
            start,
            fragment,
            ..
        }) => (*start, fragment.take(), *span),
        State::Other(Other::Blank { span, start, trace }) => {
            let opened = open_again(local, *span, start.ticks(), *trace);
            if opened.is_none() {
                lost_record(DropReason::Reentrant);
            }
            (*start, opened, *span)
        }
        _ => return before,
    };
    match fragment {
        Some(fragment) if local.fragment_id.get() == 0 => local.push_first(fragment, span),
        fragment => below(local, state, start, fragment, span),
    }
    before
}

/// [`root`] inside of another trace, or of one that has no fragment any more.
#[inline(never)]
fn below(
    local: &Local,
    state: &mut State,
    start: Started,
    fragment: Option<Box<Fragment>>,
    span: SpanId,
) {
    let pushed = fragment.map_or(NOWHERE, |fragment| push(local, fragment, span));
    if pushed == NOWHERE {
        state.put(State::Other(Other::unrecorded(start)));
    }
}

/// Opens the fragment of a root again that held nothing; `None` from within the recorder.
#[inline(always)]
pub(super) fn open_again(
    local: &Local,
    span: SpanId,
    start: u64,
    trace: TraceId,
) -> Option<Box<Fragment>> {
    let mut fragment = local.fragment(span.0, trace, GLOBAL.policy.samples(trace))?;
    fragment.opened = start;
    fragment.plain = true;
    Some(fragment)
}

/// A call in the trace of somebody else that is polled in another fragment than the last time.
#[cold]
#[inline(never)]
pub(super) fn child(local: &Local, mut child: Child) -> State {
    let active = NonZeroU64::new(local.fragment_id.get());
    if let Some(active) = active
        && local.trace.get() == child.trace
    {
        child.fragment = active;
        local.span.set(child.span);
        return State::Child(child);
    }
    let orphan = match open_orphan(local, &child) {
        Some(orphan) => push(local, orphan, child.span),
        None => NOWHERE,
    };
    State::Other(match orphan {
        NOWHERE => Other::unrecorded(child.start),
        _ => Other::Root {
            span: child.span,
            parent: child.parent,
            start: child.start,
            fragment: None,
        },
    })
}

/// The trace that the call began in is not the active one: the future has been carried away.
fn open_orphan(local: &Local, child: &Child) -> Option<Box<Fragment>> {
    let mode = mode::get();
    let mut pipe = None;
    if mode & mode::CAPTURING != 0 {
        pipe = captures::of(child.trace);
    }
    if mode & mode::INITIALISED == 0 {
        // Without one the capture that it began in is gone.
        pipe = Some(pipe.or_else(|| captures::adopt(child.trace))?);
    }
    let policy = pipe
        .as_ref()
        .map_or(&GLOBAL.policy, |pipe| &pipe.pipeline().policy);
    // As its trace was, whoever decided that.
    let overruled = SpanId(child.fragment.get()).overrules();
    // Ids that others have given say nothing of it.
    #[cfg(feature = "tracing-opentelemetry")]
    let overruled = overruled && !crate::integrations::tracing_opentelemetry::has_been_seen();
    let sampled = policy.samples(child.trace) != overruled;
    let Some(mut orphan) = local.fragment(child.span.0, child.trace, sampled) else {
        lost_record(DropReason::Reentrant);
        return None;
    };
    orphan.opened = child.start.ticks();
    orphan.partial = true;
    orphan.special = pipe.is_some();
    orphan.pipe = pipe;
    orphan.account().tally(Tally::Orphan);
    Some(orphan)
}

/// Makes the fragment of a root the active one; its id.
fn push(local: &Local, fragment: Box<Fragment>, span: SpanId) -> u64 {
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

/// [`pause_here`], where that is one of several ways.
#[inline(never)]
pub(super) fn pause(local: &Local, state: &mut State, before: Before) {
    pause_here(local, state, before);
}

/// After a poll that ended pending: what was current before becomes it again, and a root takes its fragment along.
#[inline(always)]
pub(super) fn pause_here(local: &Local, state: &mut State, before: Before) {
    let (id, is_first) = match &*state {
        State::Other(Other::Root { span, parent, .. }) => (span.0, !parent.is_valid()),
        State::Other(Other::Blank { span, .. }) => (span.0, true),
        _ => return pause_unusual(local, state, before),
    };
    if local.fragment_id.get() != id {
        local.heal(id, before.depth);
    }
    let is_here = local.fragment_id.get() == id;
    match is_here.then(|| local.pop_top()).flatten() {
        Some(own) if is_first && own.is_blank() => free(local, state, own),
        Some(own) => keep(state, local.waiting(own)),
        None => lose(state),
    }
}

/// [`pause`] of a call that has no fragment of its own, or that a subscriber has a span of.
#[cold]
#[inline(never)]
fn pause_unusual(local: &Local, state: &mut State, before: Before) {
    let fragment = match &*state {
        State::Child(child) => child.fragment.get(),
        State::Other(Other::Watched(_)) => return pause_watched(local, state, before),
        State::Other(_) => return,
    };
    if local.fragment_id.get() != fragment {
        local.heal(fragment, before.depth);
    }
    // Not where the trace has left the thread meanwhile: its root ended in the poll.
    if local.fragment_id.get() == fragment {
        local.span.set(before.span);
    }
}

/// [`pause`] of a call that a subscriber has a span of.
#[cold]
#[inline(never)]
fn pause_watched(local: &Local, state: &mut State, before: Before) {
    if let State::Other(Other::Watched(watched)) = &mut *state {
        watched.opened.leave();
        watched.settle();
        match &watched.call.state {
            State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                local.span.set(before.span);
            }
            _ => pause(local, &mut watched.call.state, before),
        }
    }
}

/// Leaves a root's fragment that is blank to the thread.
#[inline(always)]
fn free(local: &Local, state: &mut State, mut own: Box<Fragment>) {
    if let State::Other(Other::Root { start, .. }) = *state {
        state.put(State::Other(Other::Blank {
            span: SpanId(own.id),
            start,
            trace: own.trace,
        }));
    }
    own.make_plain();
    local.recycle(own);
}

/// Keeps a root's fragment in its future.
#[inline(always)]
fn keep(state: &mut State, own: Box<Fragment>) {
    match &mut *state {
        // Nothing to drop there.
        State::Other(Other::Root { fragment, .. }) => mem::forget(fragment.replace(own)),
        State::Other(Other::Blank { span, start, .. }) => {
            let root = Other::Root {
                span: *span,
                parent: SpanId::INVALID,
                start: *start,
                fragment: Some(own),
            };
            state.put(State::Other(root));
        }
        _ => {}
    }
}

#[cold]
#[inline(never)]
fn lose(state: &mut State) {
    if let State::Other(Other::Root { start, .. } | Other::Blank { start, .. }) = *state {
        lost_record(DropReason::Misnested);
        state.put(State::Other(Other::unrecorded(start)));
    }
}
