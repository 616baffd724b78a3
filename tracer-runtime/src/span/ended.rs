//! The end of an asynchronous call. See [`super::begun`] for its beginning.

use super::guard::NOWHERE;
use super::state::{Child, Other, State};
use crate::callsite::Callsite;
use crate::clock;
use crate::id::SpanId;
use crate::metrics;
use crate::record::{CallOutcome, Ending, Failure, SpanRecord};
use crate::recorder::call::{self, Before};
use crate::recorder::local::{self, Local};
use crate::recorder::reentrancy::Inside;

/// The end of a call that is ok.
#[inline(never)]
pub(super) fn end_ok(local: &Local, site: &'static Callsite, state: &mut State, before: Before) {
    if let State::Child(child) = &*state
        && let Some(duration) = end_child(local, site, child, before.span)
    {
        match local.near_cell(site) {
            Some(cell) => cell.end_ok(duration),
            None => count_end_far(local, site, duration),
        }
    } else {
        end_other(local, site, state, before);
    }
}

/// How long it took, still to be counted. That it is counted is what this says: any other has not begun yet.
#[inline(always)]
fn end_child(local: &Local, site: &'static Callsite, child: &Child, before: SpanId) -> Option<u64> {
    let start = child.start.if_counted();
    let duration = local.usual_duration(child.fragment.get(), child.span, start)?;
    let fragment = local.file(SpanRecord {
        span: child.span,
        parent: child.parent,
        callsite: site,
        start,
        duration,
        outcome: CallOutcome::Ok,
        details: 0,
    })?;
    local.end_child(fragment, before);
    Some(duration)
}

/// [`end_ok`] for a root, and for calls that are not counted.
#[inline(never)]
fn end_other(local: &Local, site: &'static Callsite, state: &mut State, before: Before) {
    let ended = state.running(site).and_then(|(mut begun, start)| {
        if start.is_counted() {
            begun.cell = Some(local.known_cell(site)?);
        }
        call::end(local, &begun, before.span)
    });
    if ended.is_none() {
        end_unusual(site, state, before, CallOutcome::Ok, None);
    }
}

#[cold]
#[inline(never)]
pub(super) fn end_failed(
    site: &'static Callsite,
    state: &mut State,
    before: Before,
    failure: Option<Box<Failure>>,
) {
    end_unusual(site, state, before, CallOutcome::Error, failure);
}

/// The end of a call that did not reach its own.
#[cold]
#[inline(never)]
pub(super) fn unwind(site: &'static Callsite, state: &mut State, before: Before) {
    end_unusual(site, state, before, CallOutcome::Panic, None);
    state.put(State::Other(Other::Nobody));
}

/// The end of a call by the full rules; nothing where nobody records it.
#[cold]
#[inline(never)]
pub(super) fn end_unusual(
    site: &'static Callsite,
    state: &mut State,
    before: Before,
    outcome: CallOutcome,
    failure: Option<Box<Failure>>,
) {
    let now = clock::now();
    if let State::Other(Other::Watched(_)) = *state
        && let State::Other(Other::Watched(mut watched)) = state.take()
    {
        watched.settle();
        watched.opened.end(Ending {
            site,
            outcome,
            failure: failure.as_deref(),
        });
        state.put(watched.call.state);
    }
    let child = matches!(*state, State::Child(_));
    let Some((call, start)) = state.running(site) else {
        return;
    };
    let duration = now.saturating_sub(call.start);
    let ended = local::with(|local| {
        if call.fragment != NOWHERE && local.fragment_id.get() != call.fragment {
            local.heal(call.fragment, before.depth);
        }
        let outcome = local.outcome_of(&call, outcome);
        if start.is_counted() {
            count_end(local, site, outcome, duration);
        }
        if call.fragment == NOWHERE {
            return;
        }
        if child && local.fragment_id.get() == call.fragment {
            local.span.set(before.span);
        }
        local.record(call.fragment, call.record(outcome, duration), failure);
    });
    if ended.is_none() && start.is_counted() {
        // Where its record would have gone has been counted by `without_local`.
        end_shared(site, outcome, duration);
    }
}

#[inline(never)]
fn count_end_far(local: &Local, site: &'static Callsite, duration: u64) {
    match local.known_cell(site) {
        Some(cell) => cell.end_ok(duration),
        None => count_end(local, site, CallOutcome::Ok, duration),
    }
}

#[cold]
#[inline(never)]
pub(super) fn count_end(
    local: &Local,
    site: &'static Callsite,
    outcome: CallOutcome,
    duration: u64,
) {
    match local.cell(site) {
        Some(cell) => cell.end(outcome, duration),
        None => end_shared(site, outcome, duration),
    }
}

#[cold]
pub(super) fn end_shared(site: &'static Callsite, outcome: CallOutcome, duration: u64) {
    let _inside = Inside::enter();
    metrics::shared_cell(site).end_shared(outcome, duration);
}
