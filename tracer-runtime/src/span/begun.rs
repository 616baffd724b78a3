//! The first poll of an asynchronous call, and its end. See [`super::resumed`] for the polls in between.

use std::borrow::Cow;

use super::capture::Form;
use super::guard::NOWHERE;
use super::resumed;
use super::start::{self, Opened, Start};
use super::state::{Call, Child, Other, Started, State};
use super::watched::{self, Watched};
use crate::callsite::{Callsite, Signals, Way};
use crate::clock;
use crate::id::SpanId;
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Ending, Failure, SpanRecord};
use crate::recorder::account::DropReason;
use crate::recorder::call::{self, Before, Beginning, Running};
use crate::recorder::cells::NEAR_CALLSITES;
use crate::recorder::local::{self, Local, lost_record};
use crate::recorder::reentrancy::Inside;
use crate::recorder::verdict;
use crate::subscriber::{self, Hang};
use crate::value::KeyValue;

/// Before a poll: makes the call current, by what its future knows; what was current before.
#[inline(never)]
pub(super) fn resume(local: &Local, site: &'static Callsite, state: &mut State) -> Before {
    let State::Other(Other::Waiting) = *state else {
        return resume_slow(local, site, state);
    };
    // Beyond them all where a signal is off, so that this one comparison is also the question whether it is.
    let id = site.id_of_both();
    if (id as usize) < NEAR_CALLSITES && cfg!(feature = "metrics") {
        begin(local, site, state, Some(id), begin_less)
    } else {
        begin_less(local, site, state)
    }
}

/// For a callsite that does not take part in both signals, is new, or one of very many.
#[inline(never)]
fn begin_less(local: &Local, site: &'static Callsite, state: &mut State) -> Before {
    match site.way() {
        Way::Only(Signals::Neither) => {
            state.put(State::Other(Other::Nobody));
            Before::NOTHING
        }
        Way::Only(Signals::SpansOnly) => begin(local, site, state, None, resume_slow),
        Way::Only(Signals::Both) => begin_far(local, site, state),
        Way::Only(Signals::MetricsOnly) => resume_slow(local, site, state),
        Way::New | Way::Watched => begin_watched(local, site, state),
    }
}

/// A callsite whose cell is not among the near ones.
#[inline(never)]
fn begin_far(local: &Local, site: &'static Callsite, state: &mut State) -> Before {
    let id = cfg!(feature = "metrics").then(|| site.id_of_both());
    begin(local, site, state, id, resume_slow)
}

/// A first poll of a callsite whose spans a subscriber may want, or of a call that says where it begins.
#[cold]
#[inline(never)]
fn begin_watched(local: &Local, site: &'static Callsite, state: &mut State) -> Before {
    let way = watched::way(site);
    if way != Way::Watched {
        return begin_recorded(local, site, state);
    }
    let (hang, fields) = match &mut *state {
        State::Other(Other::WaitingAt(at)) => at.for_subscriber(),
        _ => (Hang::Current, Vec::new()),
    };
    let before = begin_recorded(local, site, state);
    let begun = state.running(site).and_then(|(begun, _)| begun.begun());
    if let Some(opened) = subscriber::open(site, hang, begun) {
        let begun = Call {
            site,
            state: state.take(),
        };
        *state = begun.watched_by(opened).state;
        record_fields(site, fields);
    }
    before
}

/// What was known before the call; our own span has it.
fn record_fields(site: &'static Callsite, fields: Vec<KeyValue>) {
    if !fields.is_empty() && subscriber::before(site, false) {
        for KeyValue { key, value } in fields {
            if let Cow::Borrowed(key) = key {
                subscriber::put(key, &value, Form::Plain);
            }
        }
        subscriber::after(site);
    }
}

/// A poll of a call that a subscriber has a span of.
#[cold]
#[inline(never)]
fn resume_watched(local: &Local, watched: &mut Watched) -> Before {
    let before = match &watched.call.state {
        State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
            local.enter(child.span)
        }
        _ => resume_slow(local, watched.call.site, &mut watched.call.state),
    };
    watched.opened.enter();
    before
}

/// Before the drop of the future. A call that has not begun never does.
#[cold]
#[inline(never)]
pub(super) fn resume_to_drop(site: &'static Callsite, state: &mut State) -> Before {
    if let State::Other(Other::Waiting | Other::WaitingAt(_)) = state {
        state.take();
        return Before::NOTHING;
    }
    local::unchecked(|local| resume_slow(local, site, state))
        .unwrap_or_else(|| without_local(site, state))
}

/// In the call's own place: to move what a function returns costs more than to make it.
#[inline(always)]
fn begin(
    local: &Local,
    site: &'static Callsite,
    state: &mut State,
    counted_by: Option<u32>,
    otherwise: fn(&Local, &'static Callsite, &mut State) -> Before,
) -> Before {
    match call::begin(local, site, counted_by) {
        Beginning::Child(begun) => {
            let counted = counted_by.is_some();
            state.put(State::child(&begun, counted, local.trace.get()));
            Before {
                span: begun.parent,
                depth: local.depth(),
            }
        }
        Beginning::Root(cell) => begin_root(local, site, state, cell),
        Beginning::Unusual => otherwise(local, site, state),
    }
}

#[inline(never)]
fn begin_root(
    local: &Local,
    site: &'static Callsite,
    state: &mut State,
    cell: Option<&'static metrics::Cell>,
) -> Before {
    let Some(begun) = call::begin_root(local, site, cell) else {
        return resume_slow(local, site, state);
    };
    state.put(State::root(&begun, cell.is_some()));
    Before::NOTHING
}

/// By the full rules.
#[inline(never)]
fn resume_slow(local: &Local, site: &'static Callsite, state: &mut State) -> Before {
    match &mut *state {
        State::Other(Other::Unrecorded(_) | Other::Nobody | Other::Done) => return Before::NOTHING,
        State::Other(Other::Watched(watched)) => return resume_watched(local, watched),
        State::Other(Other::WaitingAt(_)) => return begin_watched(local, site, state),
        _ => {}
    }
    begin_recorded(local, site, state)
}

/// By the full rules, as far as we record it.
fn begin_recorded(local: &Local, site: &'static Callsite, state: &mut State) -> Before {
    match *state {
        // Where nobody records, the thread is none of our business.
        State::Other(Other::Waiting | Other::WaitingAt(_)) if mode::get() == 0 => {
            subscriber::nobody_records();
            return without_local(site, state);
        }
        _ if !local.is_open() => return without_local(site, state),
        _ => {}
    }
    let before = local.before();
    match &*state {
        State::Other(Other::Root { .. } | Other::Blank { .. }) => resumed::own(local, state),
        State::Child(child) => *state = resumed::child(local, *child),
        State::Other(_) => {
            let at = match state.take() {
                State::Other(Other::WaitingAt(at)) => Some(*at),
                _ => None,
            };
            state.put(begin_slow(local, site, at));
        }
    }
    before
}

/// Makes a call current that begins now, where it is told; what was current before.
#[inline(never)]
pub(super) fn begin_at(
    local: &Local,
    site: &'static Callsite,
    state: &mut State,
    at: Start,
) -> Before {
    if watched::way(site) == Way::Watched {
        state.put(State::Other(Other::WaitingAt(Box::new(at))));
        return begin_watched(local, site, state);
    }
    if mode::get() == 0 || !local.is_open() {
        return without_local(site, state);
    }
    let before = local.before();
    state.put(begin_slow(local, site, Some(at)));
    before
}

/// A first poll by the full rules.
fn begin_slow(local: &Local, site: &'static Callsite, at: Option<Start>) -> State {
    const NOBODY: State = State::Other(Other::Nobody);
    let signals = site.signals();
    if signals == Signals::Neither {
        return NOBODY;
    }
    let usual = mode::get() == mode::INITIALISED && !mode::is_apart();
    if usual && signals.has_spans() && at.is_none() {
        let counted = cfg!(feature = "metrics") && signals.has_metrics();
        if counted && local.cell(site).is_none() {
            // From within the recorder: a call whose start is not counted may have no end either.
            lost_record(DropReason::Reentrant);
            return NOBODY;
        }
        let begun = start::begin(local, site, signals);
        return State::of(&begun, begun.cell.is_some(), local.trace.get());
    }
    let start = clock::now();
    if !signals.has_spans() {
        if !start::counts(local) {
            return NOBODY;
        }
        // From within the recorder: what has no start has no end.
        let counted = start::begin_cell(local, site, signals).is_some();
        return State::Other(Other::unrecorded(Started::new(start, counted)));
    }
    let at = at.unwrap_or_else(Start::current);
    let (span, fragment, parent) = match start::open_general(local, site, at, start) {
        Opened::Nobody => return NOBODY,
        Opened::Lost => (local.next_span(), NOWHERE, SpanId::INVALID),
        Opened::In {
            span,
            fragment,
            parent,
        } => (span, fragment, parent),
    };
    let begun = Running {
        site,
        cell: start::begin_cell(local, site, signals),
        fragment,
        parent,
        span,
        start,
    };
    State::of(&begun, begun.cell.is_some(), local.trace.get())
}

/// A poll in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
#[cold]
#[inline(never)]
pub(super) fn without_local(site: &'static Callsite, state: &mut State) -> Before {
    let start = match state.take() {
        State::Other(Other::Waiting | Other::WaitingAt(_)) => {
            if mode::get() == 0 {
                return Before::NOTHING;
            }
            if let Some(start) = start::begin_shared(site) {
                state.put(State::Other(Other::Unrecorded(Started::new(start, true))));
            }
            return Before::NOTHING;
        }
        State::Other(Other::Root {
            start, fragment, ..
        }) => {
            if let Some(fragment) = fragment {
                verdict::finish(None, fragment);
            }
            start
        }
        State::Child(child) => child.start,
        State::Other(Other::Blank { start, .. }) => start,
        State::Other(Other::Watched(mut watched)) => {
            let before = without_local(watched.call.site, &mut watched.call.state);
            watched.opened.enter();
            state.put(State::Other(Other::Watched(watched)));
            return before;
        }
        known @ State::Other(Other::Unrecorded(_) | Other::Nobody | Other::Done) => {
            state.put(known);
            return Before::NOTHING;
        }
    };
    lost_record(DropReason::ThreadExit);
    state.put(State::Other(Other::unrecorded(start)));
    Before::NOTHING
}

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
