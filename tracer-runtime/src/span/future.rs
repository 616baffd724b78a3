//! The span of an asynchronous call: a future around the call's own.
//!
//! A root's future owns its fragment between polls and gives it to the thread while it is polled or dropped, so that
//! children that are cancelled find it; as long as the fragment is blank the thread keeps it. A child's future holds ids
//! only.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::active::Active;
use super::describe::{AlwaysOk, Describe};
use super::guard::{Guard, NOWHERE};
use super::start::Start;
use crate::callsite::Callsite;
use crate::id::{SpanId, TraceId};
use crate::recorder::account::DropReason;
use crate::recorder::call::Running;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, lost_record};

/// A future whose run, from its first poll to its end, is a span.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Traced<F, D = AlwaysOk> {
    // Before `inner`: whether it is `Send` is looked up once, and not at the end of a long chain of futures.
    /// [`Call::Done`] after `Drop`, so that there is nothing left to drop.
    call: ManuallyDrop<Call>,
    describe: D,
    inner: ManuallyDrop<F>,
}

/// Where a call is between polls. A future whose alignment is one byte grows by seven more.
#[derive(Debug)]
pub(super) enum Call {
    Waiting {
        site: &'static Callsite,
        at: Option<Box<Start>>,
    },
    /// In the trace of somebody else. As below, `counted` says whether its start was counted: so will be its end, whatever
    /// the filter says by then.
    Child {
        site: &'static Callsite,
        span: SpanId,
        parent: SpanId,
        start: u64,
        trace: TraceId,
        counted: bool,
    },
    /// In a fragment of its own.
    Root {
        site: &'static Callsite,
        span: SpanId,
        parent: SpanId,
        start: u64,
        fragment: Box<Fragment>,
        counted: bool,
    },
    /// In a fragment of its own that holds nothing yet: many futures wait in one that is soon used again.
    Blank {
        site: &'static Callsite,
        span: SpanId,
        start: u64,
        trace: TraceId,
        counted: bool,
    },
    /// Its record goes nowhere; its start was counted.
    Unrecorded { site: &'static Callsite, start: u64 },
    /// Over, or never recorded.
    Done,
}

const _: () = assert!(size_of::<Call>() <= 56);

impl Call {
    /// A root between polls; without a fragment it has lost it to a guard out of order.
    pub(super) fn of_root(call: &Running, fragment: Option<Box<Fragment>>, counted: bool) -> Self {
        match fragment {
            Some(fragment) => Self::Root {
                site: call.site,
                span: call.span,
                parent: call.parent,
                start: call.start,
                fragment,
                counted,
            },
            None => {
                lost_record(DropReason::Misnested);
                Self::unrecorded(call, counted)
            }
        }
    }

    pub(super) const fn of_blank(call: &Running, trace: TraceId, counted: bool) -> Self {
        Self::Blank {
            site: call.site,
            span: call.span,
            start: call.start,
            trace,
            counted,
        }
    }

    pub(super) const fn of_child(call: &Running, trace: TraceId, counted: bool) -> Self {
        Self::Child {
            site: call.site,
            span: call.span,
            parent: call.parent,
            start: call.start,
            trace,
            counted,
        }
    }

    pub(super) fn unrecorded(call: &Running, counted: bool) -> Self {
        if !counted {
            return Self::Done;
        }
        Self::Unrecorded {
            site: call.site,
            start: call.start,
        }
    }

    /// A call that began in a function and goes on in the future that it returned.
    #[inline(never)]
    fn of_guard(guard: Guard) -> Self {
        let Some(call) = guard.take_call() else {
            return Self::Done;
        };
        let counted = Guard::is_counted(&call);
        if call.fragment == NOWHERE {
            return Self::unrecorded(&call, counted);
        }
        local::with(|local| {
            let trace = local.trace.get();
            if call.span.0 != call.fragment {
                if local.span.get() == call.span {
                    local.span.set(call.parent);
                }
                return Self::of_child(&call, trace, counted);
            }
            let own = if local.fragment_id.get() == call.fragment {
                local.pop_top()
            } else {
                local.remove_suspended(call.fragment)
            };
            Self::of_root(&call, own, counted)
        })
        .unwrap_or_else(|| Self::unrecorded(&call, counted))
    }

    pub(super) fn take(&mut self) -> Self {
        mem::replace(self, Self::Done)
    }

    /// For a call that is known to hold nothing: it has not begun and is not told where to.
    #[inline(always)]
    pub(super) fn make_done(&mut self) {
        mem::forget(mem::replace(self, Self::Done));
    }

    /// Nobody will record the call: it was not recorded from its first poll on.
    #[inline]
    pub(super) fn forgo(&mut self) {
        match self {
            Self::Waiting { at: None, .. } => self.make_done(),
            _ => self.forgo_slow(),
        }
    }

    #[cold]
    #[inline(never)]
    fn forgo_slow(&mut self) {
        if let Self::Waiting { .. } = self {
            self.take();
        }
    }

    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting { .. })
    }

    #[inline]
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// Makes the run of a future a span; every value is `ok`.
#[inline]
pub fn traced<F: Future>(site: &'static Callsite, future: F) -> Traced<F> {
    traced_with(site, future, AlwaysOk)
}

/// Makes the run of a future a span.
#[inline]
pub fn traced_with<F: Future, D: Describe<F::Output>>(
    site: &'static Callsite,
    future: F,
    describe: D,
) -> Traced<F, D> {
    Traced {
        inner: ManuallyDrop::new(future),
        call: ManuallyDrop::new(Call::Waiting { site, at: None }),
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
        call: ManuallyDrop::new(Call::Waiting {
            site,
            at: Some(Box::new(at)),
        }),
        describe,
    }
}

impl<F, D> Traced<F, D> {
    /// A call that began in a function and goes on in the future that it returned.
    pub(super) fn going_on(guard: Guard, future: F, describe: D) -> Self {
        Self {
            inner: ManuallyDrop::new(future),
            call: ManuallyDrop::new(Call::of_guard(guard)),
            describe,
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
        let mut active = Active::none();
        active.begin(&mut this.call);
        let polled = inner.poll(task);
        if let Some(kind) = active.kind() {
            match &polled {
                Poll::Ready(value) => active.end(this.describe.describe(value, kind)),
                Poll::Pending => active.pause(&mut this.call),
            }
        }
        polled
    }
}

impl<F, D> Drop for Traced<F, D> {
    #[inline]
    #[allow(
        unsafe_code,
        reason = "drops the pinned inner future in place, once, inside its span"
    )]
    fn drop(&mut self) {
        let mut active = Active::none();
        active.begin_drop(&mut self.call);
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
        active.cancel();
    }
}

impl<F: Unpin, D> Unpin for Traced<F, D> {}

// What we add is consistent after any unwinding: `Active` ends the call then.
impl<F: UnwindSafe, D> UnwindSafe for Traced<F, D> {}
impl<F: RefUnwindSafe, D> RefUnwindSafe for Traced<F, D> {}
