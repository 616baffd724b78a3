//! The drop of an asynchronous call's future, inside of its span.
//!
//! By the order of fields, which drop as they are declared: [`Entering`], the future, [`Leaving`]. A `Drop` of the
//! generic type around them would be code that each function compiles again. Each holds a part of the [`Call`]; what the
//! first has to hand to the last waits in the thread meanwhile. A future that has ended, as nearly all have, has nothing
//! to hand over.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::{ptr, thread};

use super::begun;
use super::ended;
use super::state::{Call, Other, State};
use crate::callsite::Callsite;
use crate::record::CallOutcome;
use crate::recorder::call::Before;

/// Dropped before the future: makes the call current, unless it is done.
#[derive(Debug)]
pub(super) struct Entering(pub(super) ManuallyDrop<State>);

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<State>();
};

// SAFETY: what it holds is `Send`, as the lines above have the compiler check. It is said here because each place that asks
// whether an annotated future is `Send` would follow all that is reachable from the state: half of what such a function costs.
#[allow(unsafe_code, reason = "checked once instead of in each function")]
unsafe impl Send for Entering {}
// SAFETY: as above.
#[allow(unsafe_code, reason = "checked once instead of in each function")]
unsafe impl Sync for Entering {}

impl Entering {
    /// Of a call that begins at its first poll.
    pub(super) const WAITING: Self = Self(ManuallyDrop::new(State::Other(Other::Waiting)));
}

/// Dropped after the future: the call has been cancelled, unless this is [`OVER`], as it is as soon as the call is done.
#[derive(Debug)]
pub(super) struct Leaving(pub(super) &'static Callsite);

/// In the place of a callsite whose call is done.
pub(super) static OVER: Callsite = Callsite::new("", "", "");

/// A call whose future is being dropped.
struct Dropped {
    state: State,
    before: Before,
    unwinding: bool,
    /// The future is part of another one that is being dropped. In a list of spare ones: the next.
    outside: Option<Box<Self>>,
}

/// Places that a thread keeps: as many as futures that it has dropped inside of each other, and no more than these.
const MAX_SPARE: u32 = 32;

thread_local! {
    /// The innermost one. A future that is not done when it is dropped pushes once and pops once, whatever it owns.
    // Without a destructor, so that futures are dropped in their calls until the thread has ended: nothing is left by then.
    static DROPPED: ManuallyDrop<Cell<Option<Box<Dropped>>>> = const { ManuallyDrop::new(Cell::new(None)) };
    /// Once allocated, a place serves the next future that is dropped.
    static SPARE: Spare = const { Spare { number: Cell::new(0), first: Cell::new(None) } };
}

struct Spare {
    number: Cell<u32>,
    first: Cell<Option<Box<Dropped>>>,
}

impl Spare {
    fn take(&self) -> Option<Box<Dropped>> {
        let mut taken = self.first.take()?;
        self.number.set(self.number.get() - 1);
        self.first.set(taken.outside.take());
        Some(taken)
    }

    fn put(&self, mut spare: Box<Dropped>) {
        if self.number.get() < MAX_SPARE {
            self.number.set(self.number.get() + 1);
            spare.outside = self.first.take();
            self.first.set(Some(spare));
        }
    }
}

/// What belongs before a future, and what behind it.
#[inline]
pub(super) fn around(call: Call) -> (Entering, Leaving) {
    (Entering(ManuallyDrop::new(call.state)), Leaving(call.site))
}

impl Drop for Entering {
    #[inline]
    fn drop(&mut self) {
        if !self.0.is_done() {
            enter(&mut self.0);
        }
    }
}

impl Drop for Leaving {
    #[inline]
    fn drop(&mut self) {
        if !ptr::eq(self.0, &OVER) {
            leave(self.0);
        }
    }
}

/// The drop of a call whose future, if any, has been dropped already.
pub(super) fn cancel(site: &'static Callsite, state: &mut State) {
    if state.is_recorded() {
        let before = begun::resume_to_drop(site, state);
        ended::end_unusual(site, state, before, CallOutcome::Cancelled, None);
    }
}

#[cold]
#[inline(never)]
fn enter(state: &mut State) {
    // Only a call that begins asks for its callsite, and this one has begun.
    let before = begun::resume_to_drop(&OVER, state);
    let dropped = Dropped {
        state: state.take(),
        before,
        unwinding: thread::panicking(),
        outside: DROPPED.with(|innermost| innermost.take()),
    };
    let dropped = match SPARE.try_with(Spare::take) {
        Ok(Some(mut spare)) => {
            *spare = dropped;
            spare
        }
        _ => Box::new(dropped),
    };
    DROPPED.with(|innermost| innermost.set(Some(dropped)));
}

#[cold]
#[inline(never)]
fn leave(site: &'static Callsite) {
    let dropped = DROPPED.with(|innermost| {
        let mut dropped = innermost.take()?;
        innermost.set(dropped.outside.take());
        Some(dropped)
    });
    let Some(mut dropped) = dropped else {
        return;
    };
    // A future that is dropped by somebody's panic has not panicked itself.
    let outcome = match thread::panicking() && !dropped.unwinding {
        true => CallOutcome::Panic,
        false => CallOutcome::Cancelled,
    };
    ended::end_unusual(site, &mut dropped.state, dropped.before, outcome, None);
    dropped.state = State::Other(Other::Nobody);
    let _ = SPARE.try_with(|spare| spare.put(dropped));
}
