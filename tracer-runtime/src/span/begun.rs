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
pub(super) fn resume(local: &Local, call: &mut Call) -> Before {
    let State::Other(Other::Waiting) = call.state else {
        return resume_slow(local, call);
    };
    // Beyond them all where a signal is off, so that this one comparison is also the question whether it is.
    let id = call.site.id_of_both();
    if (id as usize) < NEAR_CALLSITES && cfg!(feature = "metrics") {
        begin(local, call, Some(id), begin_less)
    } else {
        begin_less(local, call)
    }
}

/// For a callsite that does not take part in both signals, is new, or one of very many.
#[inline(never)]
fn begin_less(local: &Local, call: &mut Call) -> Before {
    match call.site.way() {
        Way::Only(Signals::Neither) => {
            call.put(State::Other(Other::Done));
            Before::NOTHING
        }
        Way::Only(Signals::SpansOnly) => begin(local, call, None, resume_slow),
        Way::Only(Signals::Both) => begin_far(local, call),
        Way::Only(Signals::MetricsOnly) => resume_slow(local, call),
        Way::New | Way::Watched => begin_watched(local, call),
    }
}

/// A callsite whose cell is not among the near ones.
#[inline(never)]
fn begin_far(local: &Local, call: &mut Call) -> Before {
    let id = cfg!(feature = "metrics").then(|| call.site.id_of_both());
    begin(local, call, id, resume_slow)
}

/// A first poll of a callsite whose spans a subscriber may want, or of a call that says where it begins.
#[cold]
#[inline(never)]
fn begin_watched(local: &Local, call: &mut Call) -> Before {
    let way = watched::way(call.site);
    if way != Way::Watched {
        return begin_recorded(local, call);
    }
    let (hang, fields) = match &mut call.state {
        State::Other(Other::WaitingAt(at)) => at.for_subscriber(),
        _ => (Hang::Current, Vec::new()),
    };
    let before = begin_recorded(local, call);
    let begun = call.running().and_then(|(begun, _)| begun.begun());
    if let Some(opened) = subscriber::open(call.site, hang, begun) {
        let begun = Call {
            site: call.site,
            state: call.take(),
        };
        *call = begun.watched_by(opened);
        record_fields(call.site, fields);
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
        _ => resume_slow(local, &mut watched.call),
    };
    watched.opened.enter();
    before
}

/// Before the drop of the future. A call that has not begun never does.
#[cold]
#[inline(never)]
pub(super) fn resume_to_drop(call: &mut Call) -> Before {
    if let State::Other(Other::Waiting | Other::WaitingAt(_)) = call.state {
        call.take();
        return Before::NOTHING;
    }
    local::unchecked(|local| resume_slow(local, call)).unwrap_or_else(|| without_local(call))
}

/// In the call's own place: to move what a function returns costs more than to make it.
#[inline(always)]
fn begin(
    local: &Local,
    call: &mut Call,
    counted_by: Option<u32>,
    otherwise: fn(&Local, &mut Call) -> Before,
) -> Before {
    match call::begin(local, call.site, counted_by) {
        Beginning::Child(begun) => {
            let counted = counted_by.is_some();
            call.put(State::child(&begun, counted, local.trace.get()));
            Before {
                span: begun.parent,
                depth: local.depth(),
            }
        }
        Beginning::Root(cell) => begin_root(local, call, cell),
        Beginning::Unusual => otherwise(local, call),
    }
}

#[inline(never)]
fn begin_root(local: &Local, call: &mut Call, cell: Option<&'static metrics::Cell>) -> Before {
    let Some(begun) = call::begin_root(local, call.site, cell) else {
        return resume_slow(local, call);
    };
    call.put(State::root(&begun, cell.is_some()));
    Before::NOTHING
}

/// By the full rules.
#[inline(never)]
fn resume_slow(local: &Local, call: &mut Call) -> Before {
    match &mut call.state {
        State::Other(Other::Unrecorded(_) | Other::Done) => return Before::NOTHING,
        State::Other(Other::Watched(watched)) => return resume_watched(local, watched),
        State::Other(Other::WaitingAt(_)) => return begin_watched(local, call),
        _ => {}
    }
    begin_recorded(local, call)
}

/// By the full rules, as far as we record it.
fn begin_recorded(local: &Local, call: &mut Call) -> Before {
    match call.state {
        // Where nobody records, the thread is none of our business.
        State::Other(Other::Waiting | Other::WaitingAt(_)) if mode::get() == 0 => {
            subscriber::nobody_records();
            return without_local(call);
        }
        _ if !local.is_open() => return without_local(call),
        _ => {}
    }
    let before = local.before();
    match &call.state {
        State::Other(Other::Root { .. } | Other::Blank { .. }) => resumed::own(local, call),
        State::Child(child) => call.state = resumed::child(local, *child),
        State::Other(_) => {
            let at = match call.take() {
                State::Other(Other::WaitingAt(at)) => Some(*at),
                _ => None,
            };
            call.put(begin_slow(local, call.site, at));
        }
    }
    before
}

/// Makes a call current that begins now, where it is told; what was current before.
#[inline(never)]
pub(super) fn begin_at(local: &Local, call: &mut Call, at: Start) -> Before {
    if watched::way(call.site) == Way::Watched {
        call.put(State::Other(Other::WaitingAt(Box::new(at))));
        return begin_watched(local, call);
    }
    if mode::get() == 0 || !local.is_open() {
        return without_local(call);
    }
    let before = local.before();
    call.put(begin_slow(local, call.site, Some(at)));
    before
}

/// A first poll by the full rules.
fn begin_slow(local: &Local, site: &'static Callsite, at: Option<Start>) -> State {
    const NOBODY: State = State::Other(Other::Done);
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
pub(super) fn without_local(call: &mut Call) -> Before {
    let start = match call.take() {
        State::Other(Other::Waiting | Other::WaitingAt(_)) => {
            if mode::get() == 0 {
                return Before::NOTHING;
            }
            if let Some(start) = start::begin_shared(call.site) {
                call.put(State::Other(Other::Unrecorded(Started::new(start, true))));
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
            let before = without_local(&mut watched.call);
            watched.opened.enter();
            call.put(State::Other(Other::Watched(watched)));
            return before;
        }
        state @ State::Other(Other::Unrecorded(_) | Other::Done) => {
            call.put(state);
            return Before::NOTHING;
        }
    };
    lost_record(DropReason::ThreadExit);
    call.put(State::Other(Other::unrecorded(start)));
    Before::NOTHING
}

/// The end of a call that is ok.
#[inline(never)]
pub(super) fn end_ok(local: &Local, call: &mut Call, before: Before) {
    if let State::Child(child) = &call.state
        && let Some(duration) = end_child(local, call.site, child, before.span)
    {
        match local.near_cell(call.site) {
            Some(cell) => cell.end_ok(duration),
            None => count_end_far(local, call.site, duration),
        }
    } else {
        end_other(local, call, before);
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
fn end_other(local: &Local, call: &mut Call, before: Before) {
    let ended = call.running().and_then(|(mut begun, start)| {
        if start.is_counted() {
            begun.cell = Some(local.known_cell(call.site)?);
        }
        call::end(local, &begun, before.span)
    });
    if ended.is_none() {
        end_unusual(call, before, CallOutcome::Ok, None);
    }
}

#[cold]
#[inline(never)]
pub(super) fn end_failed(call: &mut Call, before: Before, failure: Option<Box<Failure>>) {
    end_unusual(call, before, CallOutcome::Error, failure);
}

/// The end of a call that did not reach its own.
#[cold]
#[inline(never)]
pub(super) fn unwind(call: &mut Call, before: Before) {
    end_unusual(call, before, CallOutcome::Panic, None);
    call.put(State::Other(Other::Done));
}

/// The end of a call by the full rules; nothing where nobody records it.
#[cold]
#[inline(never)]
pub(super) fn end_unusual(
    call: &mut Call,
    before: Before,
    outcome: CallOutcome,
    failure: Option<Box<Failure>>,
) {
    let now = clock::now();
    if let State::Other(Other::Watched(_)) = call.state
        && let State::Other(Other::Watched(mut watched)) = call.take()
    {
        watched.settle();
        watched.opened.end(Ending {
            site: call.site,
            outcome,
            failure: failure.as_deref(),
        });
        call.put(watched.call.state);
    }
    let child = matches!(call.state, State::Child(_));
    let Some((call, start)) = call.running() else {
        return;
    };
    let duration = now.saturating_sub(call.start);
    let ended = local::with(|local| {
        if call.fragment != NOWHERE && local.fragment_id.get() != call.fragment {
            local.heal(call.fragment, before.depth);
        }
        let outcome = local.outcome_of(&call, outcome);
        if start.is_counted() {
            count_end(local, call.site, outcome, duration);
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
        end_shared(call.site, outcome, duration);
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
