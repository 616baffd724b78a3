//! The span of an asynchronous call: a future around the call's own.
//!
//! A root's future owns its fragment between polls and gives it to the thread while it is polled or dropped, so that
//! children that are cancelled find it; as long as the fragment is blank the thread keeps it. A child's future holds ids
//! only: to poll it again is to swap what is current, and no more.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::ptr;
use std::task::{Context as TaskContext, Poll};

use super::active::Active;
use super::describe::{AlwaysOk, Describe};
use super::guard::Guard;
use super::start::Start;
use super::state::Call;
use crate::callsite::Callsite;

/// A future whose run, from its first poll to its end, is a span.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Traced<F, D = AlwaysOk> {
    // Before `inner`: whether it is `Send` is looked up once, and not at the end of a long chain of futures.
    /// Done after `Drop`, so that there is nothing left to drop.
    call: ManuallyDrop<Call>,
    describe: D,
    inner: ManuallyDrop<F>,
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
        call: ManuallyDrop::new(Call::waiting(site)),
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
        call: ManuallyDrop::new(Call::waiting_at(site, at)),
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
        // `transmute` and `as`, because each call of a generic function is compiled for each future again.
        // SAFETY: a `Pin` has the layout of what it holds, and `ManuallyDrop` too. `inner` is pinned structurally: it
        // is only ever pinned again, or dropped in place by `Drop`; `call` and `describe` are not and may be moved.
        let this = unsafe { mem::transmute::<Pin<&mut Self>, &mut Self>(self) };
        // SAFETY: as above; `this` came from a pin, so `inner` does not move until it is dropped in place.
        let inner = unsafe { mem::transmute::<&mut ManuallyDrop<F>, Pin<&mut F>>(&mut this.inner) };
        let mut active = Active::begin(&mut this.call);
        let polled = inner.poll(task);
        match &polled {
            Poll::Pending => active.pause(),
            Poll::Ready(value) => active.ready(value, this.describe),
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
        let mut active = Active::begin_drop(&mut self.call);
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        unsafe { ptr::drop_in_place(&raw mut self.inner as *mut F) };
        active.cancel();
    }
}

impl<F: Unpin, D> Unpin for Traced<F, D> {}

// What we add is consistent after any unwinding: `Active` ends the call then.
impl<F: UnwindSafe, D> UnwindSafe for Traced<F, D> {}
impl<F: RefUnwindSafe, D> RefUnwindSafe for Traced<F, D> {}
