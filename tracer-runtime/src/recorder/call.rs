//! The beginning and the end of a call: the way of nearly every one, and the long way round.
//!
//! The short ways look at everything first and touch nothing before they know that nothing is out of the ordinary, so
//! that they need no way back.

use super::account::DropReason;
use super::fragment::{Fragment, Pushed};
use super::local::{Local, lost, lost_record};
use super::pipeline::GLOBAL;
use super::reentrancy::Inside;
use super::renamed::{Begun, Renamed};
use super::{special, verdict};
use crate::callsite::Callsite;
use crate::clock;
use crate::id::SpanId;
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Failure, SpanRecord};
use crate::rpc::RpcInfo;

/// What the end of a call must know of its beginning.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) site: &'static Callsite,
    /// Of the thread that it begins on or is polled on; `None` where nothing is counted, or not yet.
    pub(crate) cell: Option<&'static metrics::Cell>,
    pub(crate) fragment: u64,
    pub(crate) parent: SpanId,
    pub(crate) span: SpanId,
    /// In ticks.
    pub(crate) start: u64,
}

impl Running {
    /// No clock gets that far: the short ways end no call that has it beside its start.
    const WATCHED: u64 = 1 << 63;

    /// A call that nobody records but a subscriber.
    pub(crate) const fn unseen(site: &'static Callsite) -> Self {
        Self {
            site,
            cell: None,
            fragment: u64::MAX,
            parent: SpanId::INVALID,
            span: SpanId(u64::MAX),
            start: 0,
        }
    }

    /// At its end there is a subscriber to tell.
    pub(crate) const fn set_watched(&mut self) {
        self.start |= Self::WATCHED;
    }

    /// Whether there is a subscriber to tell, once.
    pub(crate) const fn take_watched(&mut self) -> bool {
        let watched = self.start & Self::WATCHED != 0;
        self.start &= !Self::WATCHED;
        watched
    }

    /// What the call was given, where it has a span.
    pub(crate) fn begun(&self) -> Option<Begun> {
        (self.fragment != u64::MAX).then_some(Begun {
            span: self.span,
            parent: self.parent,
            fragment: self.fragment,
            start: self.start,
        })
    }

    /// The call has other ids from now on.
    pub(crate) fn rename(&mut self, renamed: Option<Renamed>) {
        if let Some(renamed) = renamed {
            renamed.span(&mut self.span);
            renamed.fragment(&mut self.fragment);
        }
    }

    #[inline(always)]
    pub(crate) fn record(&self, outcome: CallOutcome, duration: u64) -> SpanRecord {
        SpanRecord {
            span: self.span,
            parent: self.parent,
            callsite: self.site,
            start: self.start,
            duration,
            outcome,
            details: 0,
        }
    }
}

/// What was current before a call, and becomes it again after.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    pub(crate) span: SpanId,
    /// As many traces were suspended.
    pub(crate) depth: u32,
}

impl Before {
    pub(crate) const NOTHING: Self = Self {
        span: SpanId::INVALID,
        depth: 0,
    };
}

/// How a call can begin.
pub(crate) enum Beginning {
    /// It has, under what is current.
    Child(Running),
    /// By [`begin_root`], with this cell.
    Root(Option<&'static metrics::Cell>),
    /// By the full rules: something is out of the ordinary.
    Unusual,
}

/// Begins a call under what is current; counted by the cell of this [`Callsite::id_of_both`], if any.
#[inline(always)]
pub(crate) fn begin(local: &Local, site: &'static Callsite, counted_by: Option<u32>) -> Beginning {
    if !mode::is_usual() {
        return Beginning::Unusual;
    }
    let cell = match counted_by {
        Some(id) => match local.cell_of(id) {
            None => return Beginning::Unusual,
            known => known,
        },
        None => None,
    };
    let fragment = local.fragment_id.get();
    if fragment == 0 {
        return Beginning::Root(cell);
    }
    let start = clock::cheap_now();
    let span = local.next_span();
    let parent = local.span.replace(span);
    if let Some(cell) = cell {
        cell.begin();
    }
    Beginning::Child(Running {
        site,
        cell,
        fragment,
        parent,
        span,
        start,
    })
}

/// Goes on from there in a trace of its own; `None`, and nothing done, where that takes the full rules.
#[inline(always)]
pub(crate) fn begin_root(
    local: &Local,
    site: &'static Callsite,
    cell: Option<&'static metrics::Cell>,
) -> Option<Running> {
    #[cfg(feature = "opentelemetry")]
    if site.kind.is_entry() && crate::integrations::opentelemetry::has_contexts() {
        return None;
    }
    let mut fragment = local.spare.take()?;
    let start = clock::cheap_now();
    let span = local.next_span();
    let trace = local.random_trace();
    let sampled = GLOBAL.policy.samples(trace);
    fragment.id = span.0;
    fragment.trace = trace;
    fragment.opened = start;
    fragment.sampled = sampled;
    fragment.plain = true;
    let parent = local.span.replace(span);
    local.fragment_id.set(span.0);
    local.trace.set(trace);
    local.put_back(fragment);
    if let Some(cell) = cell {
        cell.begin();
    }
    Some(Running {
        site,
        cell,
        fragment: span.0,
        parent,
        span,
        start,
    })
}

/// Ends a call that is ok, and with it the fragment that it owns; `before` becomes current again. `None`, and nothing
/// done, where anything is out of the ordinary.
#[inline(always)]
pub(crate) fn end(local: &Local, call: &Running, before: SpanId) -> Option<()> {
    let duration = local.usual_duration(call.fragment, call.span, call.start)?;
    let fragment = local.file(call.record(CallOutcome::Ok, duration))?;
    if call.span.0 == call.fragment {
        local.end_root(fragment, call.cell, duration);
    } else {
        local.end_child(fragment, before);
        if let Some(cell) = call.cell {
            cell.end_ok(duration);
        }
    }
    Some(())
}

impl Local {
    /// How long the current call has lasted; `None` where it is not this one, or the clock or the time is not the usual.
    #[inline(always)]
    pub(crate) fn usual_duration(&self, fragment: u64, span: SpanId, start: u64) -> Option<u64> {
        let duration = clock::cheap()?.checked_sub(start)?;
        let usual = self.fragment_id.get() == fragment
            && self.span.get() == span
            && !GLOBAL.policy.is_slow(duration);
        usual.then_some(duration)
    }

    /// Adds a record to the active fragment and takes that out; `None`, and nothing done, where it takes more than that.
    #[inline(always)]
    pub(crate) fn file(&self, record: SpanRecord) -> Option<Box<Fragment>> {
        let mut fragment = self.active.take()?;
        if fragment.special || fragment.push(record) == Pushed::Full {
            self.put_back(fragment);
            return None;
        }
        Some(fragment)
    }

    /// A call has ended in the fragment, which was taken out, of another one.
    #[inline(always)]
    pub(crate) fn end_child(&self, fragment: Box<Fragment>, before: SpanId) {
        self.span.set(before);
        self.put_back(fragment);
    }

    /// The owner of the active fragment, which was taken out, has ended and is ok.
    #[inline(never)]
    pub(crate) fn end_root(
        &self,
        fragment: Box<Fragment>,
        cell: Option<&'static metrics::Cell>,
        duration: u64,
    ) {
        if let Some(cell) = cell {
            cell.end_ok(duration);
        }
        if fragment.plain && !fragment.sampled && self.depth() == 0 {
            self.fragment_id.set(0);
            self.span.set(SpanId::INVALID);
            self.count_discarded(fragment.len() as u64);
            self.recycle(fragment);
        } else {
            self.put_back(fragment);
            self.end_active();
        }
    }

    /// The owner of the active fragment has ended.
    #[inline(never)]
    fn end_active(&self) {
        if let Some(fragment) = self.pop_top() {
            verdict::finish(Some(self), fragment);
        }
    }

    /// The outcome of a call by the word of its own code, which may have called `set_error`.
    pub(crate) fn outcome_of(&self, call: &Running, outcome: CallOutcome) -> CallOutcome {
        let failed = || self.inspect(|fragment| fragment.details.has_failed(call.span));
        match outcome {
            CallOutcome::Ok
                if self.fragment_id.get() == call.fragment && failed() == Some(true) =>
            {
                CallOutcome::Error
            }
            outcome => outcome,
        }
    }

    /// Files the record of a span that ends in the fragment `id`; ends the fragment with its own span.
    pub(crate) fn record(&self, id: u64, mut record: SpanRecord, failure: Option<Box<Failure>>) {
        if self.fragment_id.get() != id {
            return self.record_elsewhere(id, record, failure);
        }
        let Some(mut fragment) = self.active.take() else {
            return lost_record(DropReason::Reentrant);
        };
        let seen = GLOBAL.policy.saw(record.outcome, record.duration);
        if seen != 0 || fragment.special || failure.is_some() {
            special::closing(&mut fragment, &mut record, seen, failure);
        }
        self.push(&mut fragment, record);
        self.put_active(fragment);
        if record.span.0 == id {
            self.end_active();
        }
    }

    /// Ends a fragment that is not on a thread with the span that owns it, for which nothing speaks but the call between
    /// services that it stood for, if any.
    #[inline(always)]
    pub(crate) fn end_apart(
        &self,
        mut fragment: Box<Fragment>,
        mut record: SpanRecord,
        rpc: &mut Option<RpcInfo>,
    ) {
        if let Some(rpc) = rpc.take()
            && let Some(_inside) = Inside::enter()
        {
            fragment.plain = false;
            record.details = fragment.details.file_call(rpc).unwrap_or(0);
        }
        // Not handed to anybody, so that it is written once, in its place.
        if fragment.has_room() || self.make_room(&mut fragment, record.start + record.duration) {
            fragment.push(record);
        }
        verdict::finish(Some(self), fragment);
    }

    #[inline(always)]
    pub(super) fn push(&self, fragment: &mut Fragment, record: SpanRecord) {
        if fragment.push(record) == Pushed::Full {
            self.push_slow(fragment, record);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&self, fragment: &mut Fragment, record: SpanRecord) {
        if self.make_room(fragment, record.start + record.duration) {
            fragment.push(record);
        }
    }

    /// For a record that ends now; false where it has been counted as dropped.
    #[cold]
    #[inline(never)]
    fn make_room(&self, fragment: &mut Fragment, now: u64) -> bool {
        let Some(_inside) = Inside::enter() else {
            fragment.account().dropped(DropReason::Reentrant, 1);
            return false;
        };
        special::hand_over_if_due(fragment, now);
        fragment.grow(|| self.pool.try_borrow_mut().ok()?.chunks.pop())
    }

    /// The fragment is not the active one: the guard ended out of order, was held across an await, or leaked.
    #[cold]
    #[inline(never)]
    fn record_elsewhere(&self, id: u64, mut record: SpanRecord, failure: Option<Box<Failure>>) {
        let suspended = {
            let Ok(mut below) = self.below.try_borrow_mut() else {
                return lost_record(DropReason::Reentrant);
            };
            let index = below
                .iter()
                .position(|b| b.fragment_id == id && b.fragment.is_some());
            index.and_then(|index| {
                below[index]
                    .fragment
                    .take()
                    .map(|fragment| (index, fragment))
            })
        };
        let Some((index, mut fragment)) = suspended else {
            return lost_record(DropReason::Misnested);
        };
        let seen = GLOBAL.policy.saw(record.outcome, record.duration);
        special::closing(&mut fragment, &mut record, seen, failure);
        self.push(&mut fragment, record);
        let owner_ended = record.span.0 == id;
        let Ok(mut below) = self.below.try_borrow_mut() else {
            return lost(fragment);
        };
        if owner_ended {
            below.remove(index);
            self.note_depth(&below);
            drop(below);
            verdict::finish(Some(self), fragment);
        } else if let Some(b) = below.get_mut(index) {
            b.fragment = Some(fragment);
        }
    }
}
