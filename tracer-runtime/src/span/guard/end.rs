//! The ways in which a synchronous call ends, the shortest first.

use super::super::describe::Describe;
use super::super::metric::{self, UNSEEN};
use super::{Begun, NOWHERE, Unfinished};
use crate::clock;
use crate::id::SpanId;
use crate::metrics;
use crate::record::{CallOutcome, Ending, Failure};
use crate::recorder::account::DropReason;
use crate::recorder::call::{self, Running};
use crate::recorder::local;
use crate::recorder::reentrancy::Inside;

#[inline(never)]
pub(super) fn end_ok(begun: &mut Begun) {
    let call = &begun.call;
    let ended = local::unchecked(|local| call::end(local, call, call.parent)).flatten();
    if ended.is_none() {
        end_ok_less(begun);
    }
}

#[inline(never)]
fn end_ok_less(begun: &mut Begun) {
    match begun.call.span {
        UNSEEN => end_metric(begun),
        _ => end_unusual(begun, CallOutcome::Ok, None),
    }
}

#[inline(never)]
fn end_metric(begun: &mut Begun) {
    if !metric::end(&begun.call) {
        end_unusual(begun, CallOutcome::Ok, None);
    }
}

/// One for each type of value, where it would be one for each function.
#[inline(never)]
pub(super) fn end_described<T, D: Describe<T>>(begun: &mut Begun, value: &T, describe: D) {
    match describe.describe(value, begun.call.site.kind) {
        None => end_ok(begun),
        failure => end_failed(begun, failure),
    }
}

#[cold]
#[inline(never)]
pub(super) fn end_failed(begun: &mut Begun, failure: Option<Box<Failure>>) {
    end_unusual(begun, CallOutcome::Error, failure);
}

#[inline(never)]
pub(super) fn end_unfinished(begun: &mut Begun) {
    match begun.unfinished {
        Unfinished::PanicWhileUnwinding | Unfinished::PanicIfUnwinding
            if !std::thread::panicking() =>
        {
            end_ok(begun)
        }
        Unfinished::Ok => end_ok(begun),
        _ => end_unusual(begun, CallOutcome::Panic, None),
    }
}

/// The end of a call by the full rules.
#[cold]
#[inline(never)]
fn end_unusual(begun: &mut Begun, outcome: CallOutcome, failure: Option<Box<Failure>>) {
    let now = clock::now();
    if begun.call.take_watched()
        && let Some(opened) = begun.opened.take()
    {
        begun.call.rename(opened.renamed());
        opened.end(Ending {
            site: begun.call.site,
            outcome,
            failure: failure.as_deref(),
        });
    }
    let call = &begun.call;
    let duration = now.saturating_sub(call.start);
    let has_span = call.span != SpanId::INVALID;
    if call.cell.is_none() && !has_span {
        // From `without_local`, which has counted it.
        return end_shared(call, outcome, duration);
    }
    let recorded = local::with(|local| {
        let outcome = local.outcome_of(call, outcome);
        if let Some(cell) = call.cell {
            cell.end(outcome, duration);
        }
        if call.fragment == NOWHERE {
            return;
        }
        if local.span.get() == call.span {
            local.span.set(call.parent);
        }
        local.record(call.fragment, call.record(outcome, duration), failure);
    });
    if recorded.is_some() {
        return;
    }
    // In a thread-local destructor after the recorder's own: the cell may have another writer already.
    if call.cell.is_some() {
        end_shared(call, outcome, duration);
    }
    if call.fragment != NOWHERE {
        local::lost_record(DropReason::ThreadExit);
    }
}

/// Counts the end where the thread has no cell.
#[cold]
fn end_shared(call: &Running, outcome: CallOutcome, duration: u64) {
    let _inside = Inside::enter();
    metrics::shared_cell(call.site).end_shared(outcome, duration);
}
