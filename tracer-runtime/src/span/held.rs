//! A span that several owners drive one after the other: a future, then the body that it gave.

use std::mem::ManuallyDrop;

use super::active::Active;
use super::dropping;
use super::start::Start;
use super::state::{Call, Other, State};
use crate::callsite::Callsite;
use crate::record::{CallOutcome, Failure};

/// A call that runs while somebody holds this. Dropped without an end, it is `cancelled`.
#[derive(Debug)]
pub(crate) struct Held(ManuallyDrop<Call>);

impl Held {
    /// A call that [`Self::begin`] begins.
    pub(crate) fn waiting(site: &'static Callsite) -> Self {
        let state = State::Other(Other::Waiting);
        Self(ManuallyDrop::new(Call { site, state }))
    }

    /// Begins the call, and runs something inside, which is told whether the call has a span.
    pub(crate) fn begin<R>(&mut self, at: Start, run: impl FnOnce(bool) -> R) -> R {
        let call = &mut *self.0;
        let mut active = Active::begin_at(&mut call.site, &mut call.state, at);
        let done = run(active.has_span());
        active.pause();
        done
    }

    /// A call that begins when it is first entered.
    pub(crate) fn new(site: &'static Callsite, at: Start) -> Self {
        let state = State::Other(Other::WaitingAt(Box::new(at)));
        Self(ManuallyDrop::new(Call { site, state }))
    }

    /// Runs something inside the call. What unwinds out of it ends the call as a `panic`.
    pub(crate) fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let call = &mut *self.0;
        let mut active = Active::begin(&mut call.site, &mut call.state);
        let done = run();
        active.pause();
        done
    }

    /// Ends the call, after what is still to be said of its span, if it has one. From now on it is known by `site`, if any, of the same
    /// kind as before.
    pub(crate) fn end(
        mut self,
        say: impl FnOnce(),
        site: Option<&'static Callsite>,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
    ) {
        let call = &mut *self.0;
        let mut active = Active::begin(&mut call.site, &mut call.state);
        if active.has_span() {
            say();
        }
        active.end_as(site, outcome, failure);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        dropping::cancel(self.0.site, &mut self.0.state);
    }
}
