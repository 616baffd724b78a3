//! The span of an asynchronous call: a future around the call's own.
//!
//! A root's future owns its fragment between polls and gives it to the thread while it is polled or dropped, so that
//! children that are cancelled find it; as long as the fragment is blank the thread keeps it. A child's future holds ids
//! only: to poll it again is to swap what is current, and no more.

use std::future::Future;
use std::mem;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::active::Active;
use super::describe::{AlwaysOk, Describe};
use super::dropping::{self, Entering, Leaving};
use super::guard::Guard;
use super::start::Start;
use super::state::Call;
use crate::callsite::Callsite;

/// A future whose run, from its first poll to its end, is a span.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Traced<F, D = AlwaysOk> {
    // Their order is the order in which they drop, which makes the drop of `inner` a part of the call.
    // Whether the first is `Send` is looked up once, and not at the end of a long chain of futures.
    entering: Entering,
    inner: F,
    leaving: Leaving,
    describe: D,
}

/// Makes the run of a future a span; every value is `ok`.
#[inline]
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
    // Nothing is called, so nothing is to be dropped on the way.
    Traced {
        entering: Entering::WAITING,
        inner: future,
        leaving: Leaving(site),
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
    let (entering, leaving) = dropping::around(Call::waiting_at(site, at));
    Traced {
        entering,
        inner: future,
        leaving,
        describe,
    }
}

impl<F, D> Traced<F, D> {
    /// A call that began in a function and goes on in the future that it returned.
    pub(super) fn going_on(guard: Guard, future: F, describe: D) -> Self {
        let (entering, leaving) = dropping::around(Call::of_guard(guard));
        Self {
            entering,
            inner: future,
            leaving,
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
        // `transmute`, because each call of a generic function is compiled for each future again.
        // SAFETY: a `Pin` has the layout of what it holds. `inner` is pinned structurally: it is only ever pinned
        // again, or dropped in place; the other fields are not pinned and may be moved.
        let this = unsafe { mem::transmute::<Pin<&mut Self>, &mut Self>(self) };
        // SAFETY: as above; `this` came from a pin, so `inner` does not move until it is dropped in place.
        let inner = unsafe { mem::transmute::<&mut F, Pin<&mut F>>(&mut this.inner) };
        let active = Active::begin(&mut this.leaving.0, &mut this.entering.0);
        let polled = inner.poll(task);
        active.polled(polled, this.describe)
    }
}

impl<F: Unpin, D> Unpin for Traced<F, D> {}

// What we add is consistent after any unwinding: `Active` ends the call then.
impl<F: UnwindSafe, D> UnwindSafe for Traced<F, D> {}
impl<F: RefUnwindSafe, D> RefUnwindSafe for Traced<F, D> {}
