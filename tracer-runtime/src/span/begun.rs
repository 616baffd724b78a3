//! An asynchronous call that has begun: the full rules of its resumptions and of its end.

use super::future::Call;
use super::guard::NOWHERE;
use super::start::{self, Opened, Start};
use crate::callsite::{Callsite, Signals};
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

/// See the module.
pub(super) struct Begun {
    /// With [`NOWHERE`] as its fragment where its record goes nowhere.
    pub(super) call: Running,
    pub(super) trace: TraceId,
    /// What was current before.
    pub(super) before: SpanId,
    pub(super) depth: u32,
}

impl Begun {
    /// Takes a call out of its future by the full rules; `None` where nobody records it.
    pub(super) fn resume(place: &mut Call) -> Option<Self> {
        let resumed = local::with(|local| match place.take() {
            Call::Waiting { site, at } => Self::begin(local, site, at),
            Call::Child {
                site,
                span,
                parent,
                start,
                trace,
            } => {
                let fragment = local.fragment_id.get();
                let mut call = Running {
                    site,
                    cell: Self::cell(local, site),
                    fragment,
                    parent,
                    span,
                    start,
                };
                let (before, depth) = (local.span.get(), local.depth());
                if fragment != 0 && local.trace.get() == trace {
                    local.span.set(span);
                } else {
                    find_fragment(&mut call, trace, local);
                }
                Some(Self {
                    call,
                    trace,
                    before,
                    depth,
                })
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
        resumed.unwrap_or_else(|| Self::without_local(place))
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
    fn without_local(place: &mut Call) -> Option<Self> {
        let (site, start) = match place.take() {
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

    #[inline(never)]
    pub(super) fn put_into(&self, place: &mut Call) {
        let call = &self.call;
        *place = if call.fragment == NOWHERE {
            Call::unrecorded(call)
        } else {
            local::with(|local| {
                if local.fragment_id.get() != call.fragment {
                    local.heal(call.fragment, self.depth);
                }
                if !owns_fragment(call) {
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
        let counted = call.cell.is_some() || call::is_counted(call.site) == Some(false);
        if !counted || !call::end(call, &self.before) {
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
            if cfg!(feature = "metrics") && call.site.signals != Signals::SpansOnly {
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
            end_shared(call.site, outcome, duration);
        }
    }
}

fn owns_fragment(call: &Running) -> bool {
    call.span.0 == call.fragment
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
