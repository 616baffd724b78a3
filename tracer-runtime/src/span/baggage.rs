//! The current baggage. It hangs on the fragment of the trace, so that calls of traces without any pay nothing for it.

use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use crate::baggage::Baggage;
use crate::context::Carried;
use crate::mode;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local};
use crate::recorder::reentrancy::Inside;

/// Puts the baggage that was current before back when dropped. Stays on its thread.
#[derive(Debug)]
#[must_use = "the baggage is detached when the guard is dropped; bind it to a name, not to `_`"]
pub struct BaggageGuard {
    /// The fragment that it hangs on, 0 for none.
    fragment: u64,
    before: Option<Arc<Carried>>,
    not_send: PhantomData<*const ()>,
}

impl Baggage {
    /// What travels with the running span; none outside of every span.
    ///
    /// ```
    /// use tracer_runtime::{Baggage, traced};
    ///
    /// #[traced]
    /// fn handle() {
    ///     let _guard = Baggage::current().with("tenant", "acme").attach();
    ///     // Every call to another service from here on says so, until the guard is dropped.
    /// }
    /// ```
    #[must_use]
    pub fn current() -> Self {
        if mode::get() == 0 {
            return Self::new();
        }
        let baggage = local::with(|local| {
            local.inspect(|fragment| Some(fragment.carried.as_ref()?.baggage.clone()))
        });
        baggage.flatten().flatten().unwrap_or_default()
    }

    /// Makes it the current baggage until the guard is dropped: in this task, and in tasks that are started meanwhile.
    ///
    /// Outside of every span there is no trace that it could travel with, and nothing happens. Across an `.await` use
    /// [`FutureExt::with_baggage`](crate::FutureExt::with_baggage).
    pub fn attach(&self) -> BaggageGuard {
        let changed = if mode::get() == 0 {
            None
        } else {
            local::with(|local| local.inspect(|fragment| self.replace_in(fragment))).flatten()
        };
        let (fragment, before) = changed.unwrap_or((0, None));
        BaggageGuard {
            fragment,
            before,
            not_send: PhantomData,
        }
    }

    fn replace_in(&self, fragment: &mut Fragment) -> (u64, Option<Arc<Carried>>) {
        let _inside = Inside::enter();
        let carried = match &fragment.carried {
            Some(now) => Carried {
                baggage: self.clone(),
                ..Carried::clone(now)
            },
            None => Carried {
                baggage: self.clone(),
                ..Carried::default()
            },
        };
        let after = (!carried.is_empty()).then(|| Arc::new(carried));
        (fragment.id, set(fragment, after))
    }
}

fn set(fragment: &mut Fragment, carried: Option<Arc<Carried>>) -> Option<Arc<Carried>> {
    fragment.plain = false;
    std::mem::replace(&mut fragment.carried, carried)
}

impl Drop for BaggageGuard {
    fn drop(&mut self) {
        if self.fragment == 0 {
            return;
        }
        let before = self.before.take();
        local::with(|local| restore(local, self.fragment, before));
    }
}

/// Where the fragment has ended or left the thread, there is nothing to put back.
fn restore(local: &Local, id: u64, before: Option<Arc<Carried>>) {
    let _inside = Inside::enter();
    if local.fragment_id.get() == id {
        local.inspect(|fragment| set(fragment, before));
    } else {
        local.inspect_suspended(id, |fragment| set(fragment, before));
    }
}

/// A future that runs with a baggage of its own. See [`FutureExt::with_baggage`](crate::FutureExt::with_baggage).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct InBaggage<F> {
    inner: ManuallyDrop<F>,
    baggage: Baggage,
}

impl<F> InBaggage<F> {
    pub(super) const fn new(inner: F, baggage: Baggage) -> Self {
        Self {
            inner: ManuallyDrop::new(inner),
            baggage,
        }
    }
}

impl<F: Future> Future for InBaggage<F> {
    type Output = F::Output;

    #[allow(
        unsafe_code,
        reason = "structural pinning of `inner`, which is never moved"
    )]
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is pinned structurally: it is only ever pinned again, or dropped in place by `Drop`;
        // `baggage` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        let _guard = this.baggage.attach();
        // SAFETY: `this` came from a pin, so `inner` does not move until it is dropped in place.
        let inner: Pin<&mut F> = unsafe { Pin::new_unchecked(&mut *this.inner) };
        inner.poll(task)
    }
}

impl<F> Drop for InBaggage<F> {
    #[allow(
        unsafe_code,
        reason = "drops the pinned inner future in place, once, with its baggage"
    )]
    fn drop(&mut self) {
        let _guard = self.baggage.attach();
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
    }
}

impl<F: Unpin> Unpin for InBaggage<F> {}
