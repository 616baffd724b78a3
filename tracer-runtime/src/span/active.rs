//! An asynchronous call while its future is polled or dropped: all of it that the crates of the users compile.

use std::task::Poll;

use super::begun;
use super::describe::Describe;
use super::dropping::OVER;
use super::ended;
use super::resumed;
use super::state::{Other, State};
use crate::callsite::Callsite;
use crate::record::{CallOutcome, Failure};
use crate::recorder::call::Before;
use crate::recorder::local;

/// A call that is current. Dropped before it is paused or ended, it unwinds.
pub(super) struct Active<'a> {
    /// Where the future has it: [`OVER`] as soon as the call is done.
    site: &'a mut &'static Callsite,
    state: Option<&'a mut State>,
    before: Before,
}

impl<'a> Active<'a> {
    /// Before a poll. What is reached through the thread is reached here, once for the begin and the end.
    #[inline]
    pub(super) fn begin(site: &'a mut &'static Callsite, state: &'a mut State) -> Self {
        let before = local::unchecked(|local| match &*state {
            State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                local.enter(child.span)
            }
            _ => begun::resume(local, site, state),
        });
        let before = before.unwrap_or_else(|| begun::without_local(site, state));
        Self {
            site,
            state: Some(state),
            before,
        }
    }

    /// After a poll that ended pending.
    #[inline]
    pub(super) fn pause(&mut self) {
        if let Some(state) = self.state.take() {
            local::unchecked(|local| match &*state {
                State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                    local.span.set(self.before.span);
                }
                _ => resumed::pause(local, state, self.before),
            });
        }
    }

    /// After a poll. One for each type of value, where it would be one for each future.
    #[inline]
    pub(super) fn polled<T, D: Describe<T>>(mut self, polled: Poll<T>, describe: D) -> Poll<T> {
        match &polled {
            Poll::Pending => self.pause(),
            Poll::Ready(value) => self.ready(value, describe),
        }
        polled
    }

    #[inline]
    fn ready<T, D: Describe<T>>(&mut self, value: &T, describe: D) {
        match &mut self.state {
            Some(state) if state.is_recorded() => {
                self.end(describe.describe(value, self.site.kind))
            }
            state => {
                if let Some(state) = state.take() {
                    state.put(State::Other(Other::Done));
                    *self.site = &OVER;
                }
            }
        }
    }

    /// The call has ended by itself; `None` is `ok`.
    #[inline]
    fn end(&mut self, failure: Option<Box<Failure>>) {
        let (Some(state), site) = (self.state.take(), *self.site) else {
            return;
        };
        if failure.is_some() {
            ended::end_failed(site, &mut *state, self.before, failure);
        } else if local::unchecked(|local| ended::end_ok(local, site, &mut *state, self.before))
            .is_none()
        {
            ended::end_unusual(site, &mut *state, self.before, CallOutcome::Ok, None);
        }
        // Here, so that a drop that follows has nothing to ask.
        state.put(State::Other(Other::Done));
        *self.site = &OVER;
    }
}

impl Drop for Active<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            ended::unwind(self.site, state, self.before);
        }
    }
}
