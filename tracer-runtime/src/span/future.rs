//! The span of an asynchronous call: a future around the call's own.
//!
//! A root's future owns its fragment between polls and gives it to the thread while it is polled or dropped, so that
//! children that are cancelled find it. A child's future holds ids only.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::describe::{AlwaysOk, Describe};
use super::guard::{Guard, NOWHERE};
use super::start::{self, Opened, Start};
use crate::callsite::{Callsite, Signals, SpanKind};
use crate::clock;
use crate::id::{SpanId, TraceId};
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Failure, SpanRecord};
use crate::recorder::account::{DropReason, Tally};
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local, lost_record};
use crate::recorder::pipeline::GLOBAL;
use crate::recorder::reentrancy::Inside;
use crate::recorder::verdict;

/// A future whose run, from its first poll to its end, is a span.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Traced<F, D = AlwaysOk> {
    // Before `inner`: whether it is `Send` is looked up once, and not at the end of a long chain of futures.
    call: Call,
    describe: D,
    inner: ManuallyDrop<F>,
}

/// Where a call is between polls. A future whose alignment is one byte grows by seven more.
#[derive(Debug)]
enum Call {
    Waiting {
        site: &'static Callsite,
        at: Option<Box<Start>>,
    },
    /// In the trace of somebody else.
    Child {
        site: &'static Callsite,
        span: SpanId,
        parent: SpanId,
        start: u64,
        trace: TraceId,
    },
    /// In a fragment of its own.
    Root {
        site: &'static Callsite,
        span: SpanId,
        parent: SpanId,
        start: u64,
        fragment: Box<Fragment>,
    },
    /// Its record goes nowhere; the metrics count.
    Unrecorded { site: &'static Callsite, start: u64 },
    /// Over, or never recorded.
    Done,
}

const _: () = assert!(size_of::<Call>() <= 56);

impl Call {
    /// A root between polls; without a fragment it has lost it to a guard out of order.
    #[inline(always)]
    fn of_root(
        site: &'static Callsite,
        span: SpanId,
        parent: SpanId,
        start: u64,
        fragment: Option<Box<Fragment>>,
    ) -> Self {
        match fragment {
            Some(fragment) => Self::Root {
                site,
                span,
                parent,
                start,
                fragment,
            },
            None => {
                lost_record(DropReason::Misnested);
                Self::Unrecorded { site, start }
            }
        }
    }
}

/// Makes the run of a future a span; every value is `ok`.
#[inline(always)]
pub fn traced<F: Future>(site: &'static Callsite, future: F) -> Traced<F> {
    traced_with(site, future, AlwaysOk)
}

/// Makes the run of a future a span.
#[inline(always)]
pub fn traced_with<F: Future, D: Describe<F::Output>>(
    site: &'static Callsite,
    future: F,
    describe: D,
) -> Traced<F, D> {
    Traced {
        inner: ManuallyDrop::new(future),
        call: Call::Waiting { site, at: None },
        describe,
    }
}

/// Makes the run of a future a span somewhere else.
pub fn traced_at<F: Future, D: Describe<F::Output>>(
    site: &'static Callsite,
    at: Start,
    future: F,
    describe: D,
) -> Traced<F, D> {
    Traced {
        inner: ManuallyDrop::new(future),
        call: Call::Waiting {
            site,
            at: Some(Box::new(at)),
        },
        describe,
    }
}

impl<F, D> Traced<F, D> {
    /// A call that began in a function and goes on in the future that it returned.
    pub(super) fn going_on(guard: Guard, future: F, describe: D) -> Self {
        Self {
            inner: ManuallyDrop::new(future),
            call: suspend_guard(guard),
            describe,
        }
    }
}

#[inline(never)]
fn suspend_guard(guard: Guard) -> Call {
    let (fragment, span, parent, start) = (guard.fragment, guard.span, guard.parent, guard.start);
    let Some(site) = guard.disarm() else {
        return Call::Done;
    };
    if fragment == NOWHERE {
        return Call::Unrecorded { site, start };
    }
    local::with(|local| {
        let trace = local.trace.get();
        if span.0 != fragment {
            if local.span.get() == span {
                local.span.set(parent);
            }
            return Call::Child {
                site,
                span,
                parent,
                start,
                trace,
            };
        }
        let own = if local.fragment_id.get() == fragment {
            local.pop_top()
        } else {
            local.remove_suspended(fragment)
        };
        Call::of_root(site, span, parent, start, own)
    })
    .unwrap_or(Call::Unrecorded { site, start })
}

/// A call while it is polled or dropped. Dropped without an end, it unwinds.
struct Active {
    site: &'static Callsite,
    /// `NOWHERE` for a call whose record goes nowhere.
    fragment: u64,
    span: SpanId,
    parent: SpanId,
    start: u64,
    trace: TraceId,
    /// What was current before.
    before: SpanId,
    depth: u32,
}

impl Active {
    #[inline]
    fn resume(call: &mut Call) -> Option<Self> {
        let resumed = local::with(|local| match std::mem::replace(call, Call::Done) {
            Call::Waiting { site, at } => Self::begin(local, site, at),
            Call::Child {
                site,
                span,
                parent,
                start,
                trace,
            } => {
                let mut active = Self {
                    site,
                    fragment: local.fragment_id.get(),
                    span,
                    parent,
                    start,
                    trace,
                    before: local.span.get(),
                    depth: local.depth(),
                };
                if active.fragment != 0 && local.trace.get() == trace {
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
                let id = push(local, fragment, span);
                Some(Self {
                    site,
                    fragment: id,
                    span,
                    parent,
                    start,
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

    fn unrecorded(site: &'static Callsite, start: u64) -> Self {
        Self {
            site,
            fragment: NOWHERE,
            span: SpanId::INVALID,
            parent: SpanId::INVALID,
            start,
            trace: TraceId::INVALID,
            before: SpanId::INVALID,
            depth: 0,
        }
    }

    /// A poll in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    #[inline(never)]
    fn without_local(call: &mut Call) -> Option<Self> {
        let (site, start) = match std::mem::replace(call, Call::Done) {
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

    #[inline(always)]
    fn begin(local: &Local, site: &'static Callsite, at: Option<Box<Start>>) -> Option<Self> {
        if mode::get() != mode::INITIALISED || site.signals != Signals::Both || at.is_some() {
            return Self::begin_general(local, site, at);
        }
        let (before, depth) = (local.span.get(), local.depth());
        if start::begin_cell(local, site).is_none() && cfg!(feature = "metrics") {
            // From within the recorder: a call whose start is not counted may have no end either.
            lost_record(DropReason::Reentrant);
            return None;
        }
        let span = SpanId(local.random());
        let start = clock::now();
        let mut fragment = local.fragment_id.get();
        if fragment == 0 {
            fragment = start::open_root(local, span, start);
        } else {
            local.span.set(span);
        }
        Some(Self {
            site,
            fragment,
            span,
            parent: before,
            start,
            trace: local.trace.get(),
            before,
            depth,
        })
    }

    #[cold]
    #[inline(never)]
    fn begin_general(
        local: &Local,
        site: &'static Callsite,
        at: Option<Box<Start>>,
    ) -> Option<Self> {
        let (before, depth) = (local.span.get(), local.depth());
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
        start::begin_cell(local, site);
        Some(Self {
            site,
            fragment,
            span,
            parent,
            start,
            trace: local.trace.get(),
            before,
            depth,
        })
    }

    /// The trace that the call began in is not the active one: the future has been carried away.
    #[cold]
    #[inline(never)]
    fn find_fragment(&mut self, local: &Local) {
        let mode = mode::get();
        let mut pipe = None;
        if mode & mode::CAPTURING != 0 {
            pipe = captures::of(self.trace);
        }
        if mode & mode::INITIALISED == 0 {
            pipe = pipe.or_else(|| captures::adopt(self.trace));
            if pipe.is_none() {
                // The capture that it began in is gone.
                self.fragment = NOWHERE;
                return;
            }
        }
        let policy = pipe
            .as_ref()
            .map_or(&GLOBAL.policy, |pipe| &pipe.pipeline().policy);
        // As its trace was, unless another service decided that.
        let sampled = policy.samples(self.trace);
        let Some(mut orphan) = local.fragment(self.span.0, self.trace, sampled) else {
            self.fragment = NOWHERE;
            return lost_record(DropReason::Reentrant);
        };
        orphan.opened = self.start;
        orphan.odd = true;
        orphan.partial = true;
        orphan.special = pipe.is_some();
        orphan.pipe = pipe;
        orphan.account().tally(Tally::Orphan);
        self.fragment = push(local, orphan, self.span);
    }

    fn owns_fragment(&self) -> bool {
        self.span.0 == self.fragment
    }

    /// Makes current what was before. Not where the trace has left the thread meanwhile: its root ended in the poll.
    #[inline(always)]
    fn restore_span(&self, local: &Local) {
        if local.fragment_id.get() == self.fragment {
            local.span.set(self.before);
        }
    }

    /// After a poll that ended pending.
    #[inline]
    fn pause(self) -> Call {
        let this = ManuallyDrop::new(self);
        let Self {
            site,
            fragment,
            span,
            parent,
            start,
            trace,
            ..
        } = *this;
        if fragment == NOWHERE {
            return Call::Unrecorded { site, start };
        }
        local::with(|local| {
            if local.fragment_id.get() != fragment {
                local.heal(fragment, this.depth);
            }
            if !this.owns_fragment() {
                this.restore_span(local);
                return Call::Child {
                    site,
                    span,
                    parent,
                    start,
                    trace,
                };
            }
            let own = if local.fragment_id.get() == fragment {
                local.pop_top()
            } else {
                None
            };
            Call::of_root(site, span, parent, start, own)
        })
        .unwrap_or(Call::Unrecorded { site, start })
    }

    #[inline]
    fn end(self, outcome: CallOutcome, failure: Option<Box<Failure>>) {
        ManuallyDrop::new(self).finish(outcome, failure);
    }

    #[inline(never)]
    fn finish(&self, outcome: CallOutcome, failure: Option<Box<Failure>>) {
        let duration = clock::now().saturating_sub(self.start);
        let ended = local::with(|local| {
            if self.fragment != NOWHERE && local.fragment_id.get() != self.fragment {
                local.heal(self.fragment, self.depth);
            }
            if cfg!(feature = "metrics") && self.site.signals != Signals::SpansOnly {
                match local.cell(self.site) {
                    Some(cell) => cell.end(outcome, duration),
                    None => end_shared(self.site, outcome, duration),
                }
            }
            if self.fragment == NOWHERE {
                return;
            }
            if !self.owns_fragment() {
                self.restore_span(local);
            }
            local.record(self.fragment, self.record(outcome, duration), failure);
        });
        if ended.is_none() {
            // Where its record would have gone has been counted by `without_local`.
            end_shared(self.site, outcome, duration);
        }
    }

    #[inline(always)]
    fn record(&self, outcome: CallOutcome, duration: u64) -> SpanRecord {
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

impl Drop for Active {
    /// Only while unwinding: every other way out ends or pauses the call.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.finish(CallOutcome::Panic, None);
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

impl<F: Future, D: Describe<F::Output>> Future for Traced<F, D> {
    type Output = F::Output;

    #[inline]
    #[allow(
        unsafe_code,
        reason = "structural pinning of `inner`, which is never moved"
    )]
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is pinned structurally: it is only ever pinned again, or dropped in place by `Drop`;
        // `call` and `describe` are not pinned and may be moved freely.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `this` came from a pin, so `inner` does not move until it is dropped in place.
        let inner: Pin<&mut F> = unsafe { Pin::new_unchecked(&mut *this.inner) };
        if mode::get() == 0 && matches!(this.call, Call::Waiting { .. } | Call::Done) {
            // A call is recorded from its first poll or not at all.
            this.call = Call::Done;
            return inner.poll(task);
        }
        let Some(active) = Active::resume(&mut this.call) else {
            return inner.poll(task);
        };
        match inner.poll(task) {
            Poll::Ready(value) => {
                let failure = this.describe.describe(&value, active.kind());
                let outcome = if failure.is_some() {
                    CallOutcome::Error
                } else {
                    CallOutcome::Ok
                };
                active.end(outcome, failure);
                Poll::Ready(value)
            }
            Poll::Pending => {
                this.call = active.pause();
                Poll::Pending
            }
        }
    }
}

impl Active {
    fn kind(&self) -> SpanKind {
        self.site.kind
    }
}

impl<F, D> Drop for Traced<F, D> {
    #[inline]
    #[allow(
        unsafe_code,
        reason = "drops the pinned inner future in place, once, inside its span"
    )]
    fn drop(&mut self) {
        let active = match self.call {
            Call::Waiting { .. } | Call::Done => None,
            _ => Active::resume(&mut self.call),
        };
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
        if let Some(active) = active {
            active.end(CallOutcome::Cancelled, None);
        }
    }
}

impl<F: Unpin, D> Unpin for Traced<F, D> {}

// What we add is consistent after any unwinding: `Active` ends the call then.
impl<F: UnwindSafe, D> UnwindSafe for Traced<F, D> {}
impl<F: RefUnwindSafe, D> RefUnwindSafe for Traced<F, D> {}
