//! An asynchronous call while its future is polled or dropped.

use std::mem;

use super::future::{Call, Place};
use super::guard::NOWHERE;
use super::start::{self, Opened, Start};
use crate::callsite::{Callsite, Signals, SpanKind};
use crate::clock;
use crate::id::{SpanId, TraceId};
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Failure};
use crate::recorder::account::{DropReason, Tally};
use crate::recorder::call::{self, Running};
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local, lost_record};
use crate::recorder::pipeline::GLOBAL;
use crate::recorder::reentrancy::Inside;
use crate::recorder::verdict;

/// Around a poll or the drop of a future; `None` where nobody records it. Dropped without an end, the call unwinds.
pub(super) struct Polled(Option<Active>);

impl Polled {
    #[inline]
    pub(super) fn begin(place: &mut Place) -> Self {
        if mode::get() == 0 && place.is_idle() {
            // A call is recorded from its first poll or not at all.
            place.abandon();
            return Self(None);
        }
        Self::resume(place)
    }

    #[inline]
    pub(super) fn begin_drop(place: &mut Place) -> Self {
        match place.is_idle() {
            true => Self(None),
            false => Self::resume(place),
        }
    }

    #[inline(never)]
    fn resume(place: &mut Place) -> Self {
        Self(Active::resume(place.call()))
    }

    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(super) fn kind(&self) -> SpanKind {
        match &self.0 {
            Some(active) => active.call.site.kind,
            None => SpanKind::Internal,
        }
    }

    /// The poll is over, and the call with it if it has ended.
    #[inline]
    pub(super) fn leave(&mut self, place: &mut Place, ended: bool, failure: Option<Box<Failure>>) {
        if let Some(active) = &self.0 {
            active.leave(place, ended, failure);
            self.0 = None;
        }
    }

    #[inline]
    pub(super) fn cancel(&mut self) {
        if let Some(active) = &self.0 {
            active.end_as(CallOutcome::Cancelled);
            self.0 = None;
        }
    }
}

impl Drop for Polled {
    /// Only while unwinding: every other way out ends or pauses the call.
    #[inline]
    fn drop(&mut self) {
        if let Some(active) = &self.0 {
            active.end_as(CallOutcome::Panic);
        }
    }
}

/// A call while it is polled or dropped.
struct Active {
    /// With [`NOWHERE`] as its fragment where its record goes nowhere.
    call: Running,
    trace: TraceId,
    /// What was current before.
    before: SpanId,
    depth: u32,
}

impl Active {
    /// Takes the call out of its future; `None` where nobody records it.
    #[inline(never)]
    fn resume(call: &mut Call) -> Option<Self> {
        if let Call::Waiting { site, at: None } = call
            && let Some(counted) = call::is_counted(site)
            && let Some(begun) = Self::begin_plain(site, counted)
        {
            // Nothing to drop, and no need to look.
            mem::forget(mem::replace(call, Call::Done));
            return Some(begun);
        }
        Self::resume_slow(call)
    }

    #[inline(always)]
    fn begin_plain(site: &'static Callsite, counted: bool) -> Option<Self> {
        let call = call::begin_plain(site, counted)?;
        local::unchecked(|local| {
            Some(Self {
                trace: local.trace.get(),
                before: call.parent,
                depth: local.depth(),
                call,
            })
        })
    }

    #[inline(never)]
    fn resume_slow(call: &mut Call) -> Option<Self> {
        let resumed = local::with(|local| match mem::replace(call, Call::Done) {
            Call::Waiting { site, at } => Self::begin(local, site, at),
            Call::Child {
                site,
                span,
                parent,
                start,
                trace,
            } => {
                let fragment = local.fragment_id.get();
                let call = Running {
                    site,
                    cell: Self::cell(local, site),
                    fragment,
                    parent,
                    span,
                    start,
                };
                let mut active = Self {
                    call,
                    trace,
                    before: local.span.get(),
                    depth: local.depth(),
                };
                if fragment != 0 && local.trace.get() == trace {
                    local.span.set(span);
                } else {
                    active.find_fragment(local);
                }
                Some(active)
            }
            Call::Root {
                site,
                span,
                parent,
                start,
                fragment,
            } => {
                let (before, depth) = (local.span.get(), local.depth());
                let trace = fragment.trace;
                let call = Running {
                    site,
                    cell: Self::cell(local, site),
                    fragment: push(local, fragment, span),
                    parent,
                    span,
                    start,
                };
                Some(Self {
                    call,
                    trace,
                    before,
                    depth,
                })
            }
            Call::Unrecorded { site, start } => Some(Self::unrecorded(site, start)),
            Call::Done => None,
        });
        resumed.unwrap_or_else(|| Self::without_local(call))
    }

    /// Where the end of a call that has begun before will be counted.
    fn cell(local: &Local, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        match site.signals {
            Signals::SpansOnly => None,
            _ if cfg!(feature = "metrics") => local.cell(site),
            _ => None,
        }
    }

    fn unrecorded(site: &'static Callsite, start: u64) -> Self {
        Self {
            call: Running {
                site,
                cell: None,
                fragment: NOWHERE,
                parent: SpanId::INVALID,
                span: SpanId::INVALID,
                start,
            },
            trace: TraceId::INVALID,
            before: SpanId::INVALID,
            depth: 0,
        }
    }

    /// A poll in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    #[inline(never)]
    fn without_local(call: &mut Call) -> Option<Self> {
        let (site, start) = match mem::replace(call, Call::Done) {
            Call::Waiting { site, .. } => {
                let Some(_inside) = Inside::enter() else {
                    if site.signals != Signals::MetricsOnly {
                        lost_record(DropReason::Reentrant);
                    }
                    return None;
                };
                if site.signals != Signals::SpansOnly {
                    metrics::shared_cell(site).begin_shared();
                }
                (site, clock::now())
            }
            Call::Child { site, start, .. } => (site, start),
            Call::Root {
                site,
                start,
                fragment,
                ..
            } => {
                verdict::finish(None, fragment);
                (site, start)
            }
            // Has been counted already.
            Call::Unrecorded { site, start } => return Some(Self::unrecorded(site, start)),
            Call::Done => return None,
        };
        if site.signals != Signals::MetricsOnly {
            lost_record(DropReason::ThreadExit);
        }
        Some(Self::unrecorded(site, start))
    }

    /// Begins by the full rules.
    fn begin(local: &Local, site: &'static Callsite, at: Option<Box<Start>>) -> Option<Self> {
        let (before, depth) = (local.span.get(), local.depth());
        if mode::get() == mode::INITIALISED && site.signals != Signals::MetricsOnly && at.is_none()
        {
            if call::is_counted(site) == Some(true) && local.cell(site).is_none() {
                // From within the recorder: a call whose start is not counted may have no end either.
                lost_record(DropReason::Reentrant);
                return None;
            }
            return Some(Self {
                before,
                depth,
                call: start::begin(local, site),
                trace: local.trace.get(),
            });
        }
        let start = clock::now();
        if site.signals == Signals::MetricsOnly {
            if !start::counts(local) {
                return None;
            }
            start::begin_cell(local, site);
            return Some(Self::unrecorded(site, start));
        }
        let span = SpanId(local.random());
        let at = at.map_or_else(Start::current, |at| *at);
        let (fragment, parent) = match start::open_general(local, site, span, at, start) {
            Opened::Nobody => return None,
            Opened::Lost => (NOWHERE, SpanId::INVALID),
            Opened::In { fragment, parent } => (fragment, parent),
        };
        Some(Self {
            call: Running {
                site,
                cell: start::begin_cell(local, site),
                fragment,
                parent,
                span,
                start,
            },
            trace: local.trace.get(),
            before,
            depth,
        })
    }

    /// The trace that the call began in is not the active one: the future has been carried away.
    #[cold]
    #[inline(never)]
    fn find_fragment(&mut self, local: &Local) {
        let call = &mut self.call;
        let mode = mode::get();
        let mut pipe = None;
        if mode & mode::CAPTURING != 0 {
            pipe = captures::of(self.trace);
        }
        if mode & mode::INITIALISED == 0 {
            pipe = pipe.or_else(|| captures::adopt(self.trace));
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
        let sampled = policy.samples(self.trace);
        let Some(mut orphan) = local.fragment(call.span.0, self.trace, sampled) else {
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

    fn owns_fragment(&self) -> bool {
        self.call.span.0 == self.call.fragment
    }

    /// Makes current what was before. Not where the trace has left the thread meanwhile: its root ended in the poll.
    fn restore_span(&self, local: &Local) {
        if local.fragment_id.get() == self.call.fragment {
            local.span.set(self.before);
        }
    }

    #[inline(never)]
    fn leave(&self, place: &mut Place, ended: bool, failure: Option<Box<Failure>>) {
        match (ended, failure) {
            (false, _) => self.put_into(place.call()),
            (true, None) => self.end_ok(),
            (true, failure) => self.end_failed(failure),
        }
    }

    /// After a poll that ended pending: back into the future.
    #[inline(never)]
    fn put_into(&self, place: &mut Call) {
        let call = &self.call;
        *place = if call.fragment == NOWHERE {
            Call::unrecorded(call)
        } else {
            local::with(|local| {
                if local.fragment_id.get() != call.fragment {
                    local.heal(call.fragment, self.depth);
                }
                if !self.owns_fragment() {
                    self.restore_span(local);
                    return Call::of_child(call, self.trace);
                }
                let own = if local.fragment_id.get() == call.fragment {
                    local.pop_top()
                } else {
                    None
                };
                Call::of_root(call, own)
            })
            .unwrap_or_else(|| Call::unrecorded(call))
        };
    }

    #[cold]
    #[inline(never)]
    fn end_as(&self, outcome: CallOutcome) {
        self.end_unusual(clock::now(), outcome, None);
    }

    #[inline(never)]
    fn end_ok(&self) {
        let Some(end) = clock::cheap() else {
            return self.end_unusual(clock::now(), CallOutcome::Ok, None);
        };
        // Without a cell its end may have to be counted elsewhere.
        let counted = self.call.cell.is_some() || call::is_counted(self.call.site) == Some(false);
        let duration = end.saturating_sub(self.call.start);
        if !counted || !call::end_plain(&self.call, self.before, duration) {
            self.end_unusual(end, CallOutcome::Ok, None);
        }
    }

    #[cold]
    #[inline(never)]
    fn end_failed(&self, failure: Option<Box<Failure>>) {
        self.end_unusual(clock::now(), CallOutcome::Error, failure);
    }

    /// The end of a call by the full rules.
    #[cold]
    #[inline(never)]
    fn end_unusual(&self, end: u64, outcome: CallOutcome, failure: Option<Box<Failure>>) {
        let call = &self.call;
        let duration = end.saturating_sub(call.start);
        let ended = local::with(|local| {
            if call.fragment != NOWHERE && local.fragment_id.get() != call.fragment {
                local.heal(call.fragment, self.depth);
            }
            if cfg!(feature = "metrics") && call.site.signals != Signals::SpansOnly {
                match local.cell(call.site) {
                    Some(cell) => cell.end(outcome, duration),
                    None => end_shared(call.site, outcome, duration),
                }
            }
            if call.fragment == NOWHERE {
                return;
            }
            if !self.owns_fragment() {
                self.restore_span(local);
            }
            local.record(call.fragment, call.record(outcome, duration), failure);
        });
        if ended.is_none() {
            // Where its record would have gone has been counted by `without_local`.
            end_shared(call.site, outcome, duration);
        }
    }
}

#[cold]
fn end_shared(site: &'static Callsite, outcome: CallOutcome, duration: u64) {
    if site.signals != Signals::SpansOnly {
        let _inside = Inside::enter();
        metrics::shared_cell(site).end_shared(outcome, duration);
    }
}

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
