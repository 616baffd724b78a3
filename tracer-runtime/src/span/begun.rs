//! The first poll of an asynchronous call. See [`super::resumed`] for those after it, [`super::ended`] for its end.

use std::borrow::Cow;
use std::mem;

use super::capture::Form;
use super::opening;
use super::resumed;
use super::rpc;
use super::start::Start;
use super::state::{Call, Other, Started, State};
use super::watched::{self, Watched};
use crate::callsite::{Callsite, Signals, Way};
use crate::clock;
use crate::metrics;
use crate::mode;
use crate::recorder::account::DropReason;
use crate::recorder::call::{self, Before, Beginning};
use crate::recorder::cells::NEAR_CALLSITES;
use crate::recorder::local::{self, Local, lost_record};
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
        State::Other(Other::Root { .. } | Other::Blank { .. }) if local.is_open() => {
            return resumed::root(local, state);
        }
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
        State::Other(Other::Root { .. } | Other::Blank { .. }) => {
            return resumed::root(local, state);
        }
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
    at: &mut Start,
    start: u64,
) -> Before {
    let before = local.before();
    match rpc::open(local, site, state, at, start) {
        true => before,
        false => begin_elsewhere(local, site, state, mem::replace(at, Start::current())),
    }
}

#[cold]
#[inline(never)]
fn begin_elsewhere(local: &Local, site: &'static Callsite, state: &mut State, at: Start) -> Before {
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
        let begun = opening::begin(local, site, signals);
        return State::of(&begun, begun.cell.is_some(), local.trace.get());
    }
    if !signals.has_spans() {
        let start = clock::now();
        if !opening::counts(local) {
            return NOBODY;
        }
        // From within the recorder: what has no start has no end.
        let counted = opening::begin_cell(local, site, signals).is_some();
        return State::Other(Other::unrecorded(Started::new(start, counted)));
    }
    let at = at.unwrap_or_else(Start::current);
    let Some(begun) = opening::begin_general(local, site, signals, at) else {
        return NOBODY;
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
            if let Some(start) = opening::begin_shared(site) {
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
