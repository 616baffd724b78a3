//! What a call holds while it runs: entered, told and counted at its start, settled at its end.

use std::mem;

use super::current::Current;
use super::event::{EventStatus, RPC_FINISH, StatsLevel};
use super::info::RpcInfo;
use super::metrics;
use super::notes::settle_status;
use super::tracers::States;
use crate::callsite::Callsite;
use crate::mode;
use crate::record::{CallOutcome, Failure};
use crate::recorder::call::Before;
use crate::span::context::current_ids;
use crate::span::held::Held;
use crate::span::inside;
use crate::span::start::Start;

#[derive(Debug)]
pub(crate) struct Running {
    pub(super) info: RpcInfo,
    current: Current,
    /// `None` where the span has a name of its own.
    site: Option<&'static Callsite>,
    /// `None` where the span that is current is that of the call.
    held: Option<Held>,
    /// `None` where nobody has to be told of its end.
    states: Option<Box<States>>,
    begun: metrics::Begun,
    /// It has been counted and told of.
    is_recorded: bool,
    /// Something has unwound out of it.
    has_unwound: bool,
    /// Of what is current while nothing runs inside of it.
    before: Before,
}

impl Running {
    /// By `site` the span is known if no better name is found; without `held` the span that is current is that of the call.
    #[inline]
    pub(super) fn new(info: RpcInfo, site: Option<&'static Callsite>, held: Option<Held>) -> Self {
        Self {
            current: Current::new(info.clone()),
            info,
            site,
            held,
            states: None,
            begun: metrics::Begun::default(),
            is_recorded: false,
            has_unwound: false,
            before: Before::NOTHING,
        }
    }

    pub(super) const fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    pub(super) const fn has_unwound(&self) -> bool {
        self.has_unwound
    }

    /// Begins the span, where the call has one of its own, and tells everybody that the call has started; it is entered from
    /// then on.
    #[inline(always)]
    pub(super) fn begin(&mut self, at: Option<&mut Start>, ticks: u64) -> Inside<'_> {
        let turning = Turning::of(self);
        let running = &mut *turning.0;
        let mut has_span = true;
        if let Some(held) = &mut running.held
            && let Some(at) = at
        {
            (running.before, has_span) = held.begin(at, ticks);
        }
        turning.done();
        let mut inside = Inside(Some(self));
        inside.start(has_span, ticks);
        inside
    }

    /// Makes the call and its span current.
    #[inline(never)]
    pub(super) fn enter(&mut self) -> Inside<'_> {
        let turning = Turning::of(self);
        if let Some(held) = &mut turning.0.held {
            turning.0.before = held.enter_here();
        }
        turning.done();
        Inside(Some(self))
    }

    #[inline(always)]
    fn leave(&mut self) {
        let turning = Turning(self);
        let before = turning.0.before;
        if let Some(held) = &mut turning.0.held {
            held.leave(before);
        }
        turning.done();
        self.current.swap();
    }

    /// What unwinds takes along what is known of the call: its span ends with that.
    #[cold]
    #[inline(never)]
    fn unwind(&mut self) {
        self.has_unwound = true;
        if let Some(held) = &mut self.held {
            inside::attach_rpc(&self.info);
            held.unwind(self.before);
        }
        self.current.swap();
    }

    /// Whether somebody records it.
    #[inline(always)]
    fn started(&mut self, has_span: bool, ticks: u64) -> bool {
        let info = &self.info;
        if let Some(ids) = current_ids().filter(|_| has_span) {
            info.0.ids.set(ids);
        } else if mode::get() & mode::INITIALISED == 0 {
            // A capture of another thread.
            return false;
        }
        if !info.invocation().is_attempt() {
            self.begun = metrics::started(info, ticks);
            if !info.0.installed.tracers.is_empty() {
                self.tell_tracers_of_start();
            }
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn tell_tracers_of_start(&mut self) {
        let info = &self.info;
        if info.stats().level() > StatsLevel::Disabled {
            self.states = Some(Box::new(info.0.installed.tracers.start(info)));
        }
    }

    /// Says why it will end as it does, before it ends.
    #[cold]
    #[inline(never)]
    pub(super) fn explain(
        &self,
        outcome: CallOutcome,
        failure: Option<&Failure>,
        panic_message: Option<String>,
    ) {
        if !self.is_recorded {
            return;
        }
        let text = failure.and_then(|failure| failure.message.as_deref());
        let text = text.or(panic_message.as_deref());
        let stats = self.info.stats();
        stats.note(RPC_FINISH, status_of(outcome), text.unwrap_or_default());
        stats.explain(failure.cloned(), panic_message);
    }

    #[allow(clippy::boxed_local, reason = "to take it out is to copy it")]
    pub(super) fn end(mut self: Box<Self>, outcome: CallOutcome, failure: Option<Box<Failure>>) {
        if !self.is_recorded {
            return;
        }
        let info = &self.info;
        settle_status(info, outcome);
        info.stats().finish(status_of(outcome));
        info.stats().end(outcome);
        if !info.invocation().is_attempt() {
            metrics::finished(info, &self.begun);
        }
        if self.states.is_some() {
            self.tell_tracers();
        }
        let Some(held) = &mut self.held else {
            // Its span has ended where it has unwound.
            if !self.has_unwound {
                inside::attach_rpc(&self.info);
            }
            return;
        };
        let site = self.site.map(|site| self.info.site().unwrap_or(site));
        // So that nobody knows of it but its span, if nobody else wants to.
        drop(self.info);
        held.end(self.current.take(), site, outcome, failure);
    }

    #[cold]
    #[inline(never)]
    fn tell_tracers(&mut self) {
        if let Some(states) = self.states.take() {
            let info = self.info.clone();
            let inside = self.enter();
            info.0.installed.tracers.finish(&info, *states);
            inside.leave();
        }
    }
}

/// Of the event that it is over.
fn status_of(outcome: CallOutcome) -> EventStatus {
    match outcome {
        CallOutcome::Ok | CallOutcome::Cancelled => EventStatus::Info,
        CallOutcome::Error | CallOutcome::Panic => EventStatus::Error,
    }
}

/// While a call becomes current, or ceases to be; should that unwind, it is not.
struct Turning<'a>(&'a mut Running);

impl<'a> Turning<'a> {
    /// Of a call that becomes current.
    #[inline(always)]
    fn of(running: &'a mut Running) -> Self {
        running.current.swap();
        Self(running)
    }

    #[inline(always)]
    fn done(self) {
        mem::forget(self);
    }
}

impl Drop for Turning<'_> {
    #[cold]
    fn drop(&mut self) {
        self.0.has_unwound = true;
        self.0.current.swap();
    }
}

/// While something runs inside of a call, if there is one. Dropped before it is left, it unwinds.
#[derive(Debug)]
#[must_use]
pub(crate) struct Inside<'a>(Option<&'a mut Running>);

impl<'a> Inside<'a> {
    /// Of no call.
    pub(super) const NOTHING: Self = Self(None);

    /// What is known about the call, where that is recorded.
    pub(crate) fn info(&self) -> Option<&RpcInfo> {
        let running = self.0.as_ref().filter(|running| running.is_recorded)?;
        Some(&running.info)
    }

    #[inline(always)]
    fn start(&mut self, has_span: bool, ticks: u64) {
        if let Some(running) = &mut self.0 {
            running.is_recorded = running.started(has_span, ticks);
        }
    }

    #[inline(never)]
    pub(crate) fn leave(mut self) {
        if let Some(running) = self.0.take() {
            running.leave();
        }
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(running) = self.0.take() {
            running.unwind();
        }
    }
}
