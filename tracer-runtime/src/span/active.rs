//! An asynchronous call while its future is polled or dropped: all of it that the crates of the users compile.

use super::begun;
use super::describe::Describe;
use super::resumed;
use super::start::Start;
use super::state::{Call, Other, State};
use crate::callsite::{Callsite, SpanKind};
use crate::record::{CallOutcome, Failure};
use crate::recorder::call::Before;
use crate::recorder::local;

/// A call that is current. Dropped before it is paused or ended, it unwinds.
pub(super) struct Active<'a> {
    call: Option<&'a mut Call>,
    before: Before,
}

impl<'a> Active<'a> {
    /// Before a poll. What is reached through the thread is reached here, once for the begin and the end.
    #[inline]
    pub(super) fn begin(call: &'a mut Call) -> Self {
        let before = local::unchecked(|local| match &call.state {
            State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                local.enter(child.span)
            }
            _ => begun::resume(local, call),
        });
        let before = before.unwrap_or_else(|| begun::without_local(call));
        Self {
            call: Some(call),
            before,
        }
    }

    /// Before the first run of a call that is told where it begins.
    pub(super) fn begin_at(call: &'a mut Call, at: Start) -> Self {
        let before = local::unchecked(|local| begun::begin_at(local, call, at));
        let before = before.unwrap_or_else(|| begun::without_local(call));
        Self {
            call: Some(call),
            before,
        }
    }

    /// Before the drop of the future.
    #[inline]
    pub(super) fn begin_drop(call: &'a mut Call) -> Self {
        let before = match call.is_done() {
            true => Before::NOTHING,
            false => begun::resume_to_drop(call),
        };
        Self {
            call: Some(call),
            before,
        }
    }

    /// Whether it has a span, which is the current one.
    pub(super) fn has_span(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.has_span())
    }

    /// After a poll that ended with a value: the kind of the span that [`Self::end`] ends; `None` where nobody records it.
    #[inline]
    fn kind(&mut self) -> Option<SpanKind> {
        match &self.call {
            Some(call) if !call.is_done() => Some(call.site.kind),
            _ => {
                self.call = None;
                None
            }
        }
    }

    /// After a poll that ended pending.
    #[inline]
    pub(super) fn pause(&mut self) {
        if let Some(call) = self.call.take() {
            local::unchecked(|local| match &call.state {
                State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                    local.span.set(self.before.span);
                }
                _ => resumed::pause(local, call, self.before),
            });
        }
    }

    /// After a poll that ended with this value. One for each type of value, where it would be one for each future.
    #[inline]
    pub(super) fn ready<T, D: Describe<T>>(&mut self, value: &T, describe: D) {
        if let Some(kind) = self.kind() {
            self.end(describe.describe(value, kind));
        }
    }

    /// The call has ended by itself; `None` is `ok`.
    #[inline]
    fn end(&mut self, failure: Option<Box<Failure>>) {
        let Some(call) = self.call.take() else {
            return;
        };
        if failure.is_some() {
            begun::end_failed(&mut *call, self.before, failure);
        } else if local::unchecked(|local| begun::end_ok(local, &mut *call, self.before)).is_none()
        {
            begun::end_unusual(call, self.before, CallOutcome::Ok, None);
        }
        // Here, so that a drop that follows has nothing to ask.
        call.put(State::Other(Other::Done));
    }

    /// The call has ended like this, and is known by another callsite of its kind from now on.
    pub(super) fn end_as(
        &mut self,
        site: Option<&'static Callsite>,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
    ) {
        let Some(call) = self.call.take().filter(|call| !call.is_done()) else {
            return;
        };
        if let Some(site) = site {
            call.site = site;
        }
        begun::end_unusual(&mut *call, self.before, outcome, failure);
        call.put(State::Other(Other::Done));
    }

    /// The call's future was dropped.
    #[inline]
    pub(super) fn cancel(&mut self) {
        if let Some(call) = self.call.take()
            && !call.is_done()
        {
            begun::end_unusual(call, self.before, CallOutcome::Cancelled, None);
        }
    }
}

impl Drop for Active<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            begun::unwind(call, self.before);
        }
    }
}
