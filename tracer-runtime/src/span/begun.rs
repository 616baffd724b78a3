//! An asynchronous call that has begun: the full rules of its resumptions and of its end.

use super::future::Call;
use super::guard::NOWHERE;
use super::resumed;
use super::start::{self, Opened, Start};
use crate::callsite::{Callsite, Signals};
use crate::clock;
use crate::id::{SpanId, TraceId};
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Failure};
use crate::recorder::account::DropReason;
use crate::recorder::call::{self, Running};
use crate::recorder::local::{self, Local, lost_record};
use crate::recorder::reentrancy::Inside;
use crate::recorder::verdict;

/// See the module.
pub(super) struct Begun {
    /// With [`NOWHERE`] as its fragment where its record goes nowhere.
    pub(super) call: Running,
    pub(super) trace: TraceId,
    /// What was current before.
    pub(super) before: SpanId,
    pub(super) depth: u32,
    /// Whether its start was counted. The end goes by that, as the callsite's signals may have changed since.
    pub(super) counted: bool,
}

impl Begun {
    /// Takes a call out of its future by the full rules; `active` stays `None` where nobody records it.
    ///
    /// Reads and writes each field where it is: of a copy the processor would have to wait for all of it.
    pub(super) fn resume(active: &mut Option<Self>, place: &mut Call) {
        let resumed = local::with(|local| match *place {
            Call::Child {
                site,
                span,
                parent,
                start,
                trace,
                counted,
            } => {
                place.make_done();
                let (before, depth) = (local.span.get(), local.depth());
                *active = Some(Self {
                    call: resumed::child(local, site, parent, span, start, trace, counted),
                    counted,
                    trace,
                    before,
                    depth,
                });
            }
            Call::Blank {
                site,
                span,
                start,
                trace,
                counted,
            } => {
                place.make_done();
                let (before, depth) = (local.span.get(), local.depth());
                *active = Some(Self {
                    call: resumed::blank(local, site, span, start, trace, counted),
                    counted,
                    trace,
                    before,
                    depth,
                });
            }
            _ => *active = Self::resume_owner(local, place),
        });
        if resumed.is_none() {
            *active = Self::without_local(place);
        }
    }

    /// [`Self::resume`] for a call that holds something, or has not begun.
    #[inline(never)]
    fn resume_owner(local: &Local, place: &mut Call) -> Option<Self> {
        let (before, depth) = (local.span.get(), local.depth());
        match place.take() {
            Call::Waiting { site, at } => Self::begin(local, site, at),
            Call::Root {
                site,
                span,
                parent,
                start,
                fragment,
                counted,
            } => {
                let trace = fragment.trace;
                let call = Running {
                    site,
                    cell: Self::cell(local, site, counted),
                    fragment: resumed::push(local, fragment, span),
                    parent,
                    span,
                    start,
                };
                Some(Self {
                    call,
                    trace,
                    before,
                    depth,
                    counted,
                })
            }
            Call::Unrecorded { site, start } => Some(Self::unrecorded(site, start)),
            Call::Child { .. } | Call::Blank { .. } | Call::Done => None,
        }
    }

    /// Where the end of a call that has begun before will be counted.
    #[inline(always)]
    pub(super) fn cell(
        local: &Local,
        site: &'static Callsite,
        counted: bool,
    ) -> Option<&'static metrics::Cell> {
        if counted { local.cell(site) } else { None }
    }

    /// A call whose record goes nowhere, and that is counted.
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
            counted: true,
        }
    }

    /// A poll in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    #[inline(never)]
    fn without_local(place: &mut Call) -> Option<Self> {
        let (site, start, counted) = match place.take() {
            Call::Waiting { site, .. } => return Self::begin_without_local(site),
            Call::Child {
                site,
                start,
                counted,
                ..
            }
            | Call::Blank {
                site,
                start,
                counted,
                ..
            } => (site, start, counted),
            Call::Root {
                site,
                start,
                fragment,
                counted,
                ..
            } => {
                verdict::finish(None, fragment);
                (site, start, counted)
            }
            // What became of its record has been said already.
            Call::Unrecorded { site, start } => return Some(Self::unrecorded(site, start)),
            Call::Done => return None,
        };
        lost_record(DropReason::ThreadExit);
        counted.then(|| Self::unrecorded(site, start))
    }

    fn begin_without_local(site: &'static Callsite) -> Option<Self> {
        let signals = site.signals();
        let inside = Inside::enter();
        if signals.has_spans() {
            lost_record(match inside {
                Some(_) => DropReason::ThreadExit,
                None => DropReason::Reentrant,
            });
        }
        if inside.is_none() || !signals.has_metrics() {
            return None;
        }
        metrics::shared_cell(site).begin_shared();
        Some(Self::unrecorded(site, clock::now()))
    }

    /// Begins by the full rules.
    fn begin(local: &Local, site: &'static Callsite, at: Option<Box<Start>>) -> Option<Self> {
        let (before, depth) = (local.span.get(), local.depth());
        let signals = site.signals();
        if signals == Signals::Neither {
            return None;
        }
        if mode::get() == mode::INITIALISED && signals.has_spans() && at.is_none() {
            if call::is_counted(site) == Some(true) && local.cell(site).is_none() {
                // From within the recorder: a call whose start is not counted may have no end either.
                lost_record(DropReason::Reentrant);
                return None;
            }
            let call = start::begin(local, site);
            return Some(Self {
                before,
                depth,
                counted: call.cell.is_some(),
                call,
                trace: local.trace.get(),
            });
        }
        let start = clock::now();
        if !signals.has_spans() {
            if !start::counts(local) {
                return None;
            }
            // From within the recorder: what has no start has no end.
            start::begin_cell(local, site)?;
            return Some(Self::unrecorded(site, start));
        }
        let span = SpanId(local.random());
        let at = at.map_or_else(Start::current, |at| *at);
        let (fragment, parent) = match start::open_general(local, site, span, at, start) {
            Opened::Nobody => return None,
            Opened::Lost => (NOWHERE, SpanId::INVALID),
            Opened::In { fragment, parent } => (fragment, parent),
        };
        let cell = start::begin_cell(local, site);
        Some(Self {
            counted: cell.is_some(),
            call: Running {
                site,
                cell,
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

    /// Each way writes to the place for itself: put together elsewhere first, what is copied from there has to wait until
    /// it has been written.
    #[inline(never)]
    pub(super) fn put_into(&self, place: &mut Call) {
        let call = &self.call;
        let put = call.fragment != NOWHERE
            && local::with(|local| {
                if local.fragment_id.get() != call.fragment {
                    local.heal(call.fragment, self.depth);
                }
                if !owns_fragment(call) {
                    self.restore_span(local);
                    *place = Call::of_child(call, self.trace, self.counted);
                } else if local.fragment_id.get() == call.fragment {
                    self.put_root_into(place, local);
                } else {
                    *place = Call::of_root(call, None, self.counted);
                }
            })
            .is_some();
        if !put {
            *place = Call::unrecorded(call, self.counted);
        }
    }

    #[inline(always)]
    fn put_root_into(&self, place: &mut Call, local: &Local) {
        let call = &self.call;
        match local.pop_top() {
            Some(mut fragment) if fragment.is_blank() && call.parent == SpanId::INVALID => {
                *place = Call::of_blank(call, fragment.trace, self.counted);
                fragment.make_plain();
                local.recycle(fragment);
            }
            own => *place = Call::of_root(call, own, self.counted),
        }
    }

    /// Makes current what was before. Not where the trace has left the thread meanwhile: its root ended in the poll.
    fn restore_span(&self, local: &Local) {
        if local.fragment_id.get() == self.call.fragment {
            local.span.set(self.before);
        }
    }

    #[inline(never)]
    pub(super) fn end_ok(&self) {
        let call = &self.call;
        // Without a cell its end may have to be counted elsewhere.
        let elsewhere = self.counted && call.cell.is_none();
        if elsewhere || !call::end::<true>(call, &self.before) {
            self.end_unusual(CallOutcome::Ok, None);
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn end_failed(&self, failure: Option<Box<Failure>>) {
        self.end_unusual(CallOutcome::Error, failure);
    }

    /// The end of a call by the full rules.
    #[cold]
    #[inline(never)]
    pub(super) fn end_unusual(&self, outcome: CallOutcome, failure: Option<Box<Failure>>) {
        let call = &self.call;
        let duration = clock::now().saturating_sub(call.start);
        let ended = local::with(|local| {
            if call.fragment != NOWHERE && local.fragment_id.get() != call.fragment {
                local.heal(call.fragment, self.depth);
            }
            let outcome = local.outcome_of(call, outcome);
            if self.counted {
                match local.cell(call.site) {
                    Some(cell) => cell.end(outcome, duration),
                    None => end_shared(call.site, outcome, duration),
                }
            }
            if call.fragment == NOWHERE {
                return;
            }
            if !owns_fragment(call) {
                self.restore_span(local);
            }
            local.record(call.fragment, call.record(outcome, duration), failure);
        });
        if ended.is_none() {
            // Where its record would have gone has been counted by `without_local`.
            if self.counted {
                end_shared(call.site, outcome, duration);
            }
        }
    }
}

fn owns_fragment(call: &Running) -> bool {
    call.span.0 == call.fragment
}

#[cold]
fn end_shared(site: &'static Callsite, outcome: CallOutcome, duration: u64) {
    let _inside = Inside::enter();
    metrics::shared_cell(site).end_shared(outcome, duration);
}
