//! An asynchronous call while its future is polled or dropped: all of it that the crates of the users compile.

use std::mem::{self, ManuallyDrop};

use super::begun;
use super::resumed;
use super::state::{Call, Other, State};
use crate::callsite::SpanKind;
use crate::record::{CallOutcome, Failure};
use crate::recorder::local::{self, Before};

/// A call that is current. Dropped without an end, it unwinds.
pub(super) struct Active<'a> {
    call: &'a mut Call,
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
        Self { call, before }
    }

    /// Before the drop of the future.
    #[inline]
    pub(super) fn begin_drop(call: &'a mut Call) -> Self {
        let before = match call.is_done() {
            true => Before::NOTHING,
            false => begun::resume_to_drop(call),
        };
        Self { call, before }
    }

    /// The kind of its span; `None` where nobody records it.
    #[inline]
    pub(super) fn kind(&self) -> Option<SpanKind> {
        match self.call.is_done() {
            true => None,
            false => Some(self.call.site.kind),
        }
    }

    /// After a poll that ended pending.
    #[inline]
    pub(super) fn pause(self) {
        let mut this = ManuallyDrop::new(self);
        let before = this.before;
        local::unchecked(|local| match &this.call.state {
            State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                local.span.set(before.span);
            }
            _ => resumed::pause(local, this.call, before),
        });
    }

    /// The call has ended by itself; `None` is `ok`.
    #[inline]
    pub(super) fn end(self, failure: Option<Box<Failure>>) {
        let mut this = ManuallyDrop::new(self);
        let before = this.before;
        match failure {
            None => {
                let ended = local::unchecked(|local| begun::end_ok(local, this.call, before));
                if ended.is_none() {
                    begun::end_unusual(this.call, before, CallOutcome::Ok, None);
                }
            }
            failure => begun::end_failed(this.call, before, failure),
        }
        // Here, so that a drop that follows has nothing to ask.
        this.call.put(State::Other(Other::Done));
    }

    /// Nobody records it.
    #[inline]
    pub(super) fn forgo(self) {
        mem::forget(self);
    }

    /// The call's future was dropped.
    #[inline]
    pub(super) fn cancel(self) {
        let this = ManuallyDrop::new(self);
        if !this.call.is_done() {
            begun::end_unusual(this.call, this.before, CallOutcome::Cancelled, None);
        }
    }
}

/// Only while unwinding: every other way out forgets what it holds.
impl Drop for Active<'_> {
    #[inline]
    fn drop(&mut self) {
        begun::unwind(self.call, self.before);
    }
}
