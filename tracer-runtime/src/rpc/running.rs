//! What a call holds while it runs: entered, told and counted at its start, settled at its end.

use super::current::Current;
use super::event::{EventStatus, RPC_FINISH, StatsLevel};
use super::info::RpcInfo;
use super::metrics;
use super::notes::settle_status;
use super::tracers::States;
use crate::callsite::Callsite;
use crate::mode;
use crate::record::{CallOutcome, Failure};
use crate::span::context::current_ids;
use crate::span::held::Held;
use crate::span::inside;
use crate::span::start::Start;

#[derive(Debug)]
pub(super) struct Running {
    pub(super) info: RpcInfo,
    current: Current,
    /// `None` where the span has a name of its own.
    site: Option<&'static Callsite>,
    /// `None` where the span that is current is that of the call.
    held: Option<Held>,
    states: States,
    begun: metrics::Begun,
    /// It has been counted and told of.
    is_recorded: bool,
    /// Something is running inside of it, or has unwound out of it.
    entered: bool,
}

impl Running {
    /// By `site` the span is known if no better name is found; without `held` the span that is current is that of the call.
    pub(super) fn new(info: RpcInfo, site: Option<&'static Callsite>, held: Option<Held>) -> Self {
        Self {
            current: Current::new(info.clone()),
            info,
            site,
            held,
            states: States::default(),
            begun: metrics::Begun::default(),
            is_recorded: false,
            entered: false,
        }
    }

    pub(super) const fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    /// Whether something is running inside of it, or has unwound out of it.
    pub(super) const fn is_entered(&self) -> bool {
        self.entered
    }

    /// Begins the span, where the call has one of its own, and runs something inside, which is told whether there is a span.
    pub(super) fn begin<R>(
        &mut self,
        at: Option<Start>,
        run: impl FnOnce(&mut Outside<'_>, bool) -> R,
    ) -> R {
        self.enter(|held, outside| match held.zip(at) {
            Some((held, at)) => held.begin(at, |has_span| outside.run(|it| run(it, has_span))),
            None => run(outside, true),
        })
    }

    pub(super) fn within<R>(&mut self, run: impl FnOnce(&mut Outside<'_>) -> R) -> R {
        self.enter(|held, outside| match held {
            Some(held) => held.within(|| outside.run(run)),
            None => run(outside),
        })
    }

    fn enter<R>(&mut self, run: impl FnOnce(Option<&mut Held>, &mut Outside<'_>) -> R) -> R {
        let Self {
            info,
            current,
            held,
            states,
            begun,
            is_recorded,
            entered,
            ..
        } = self;
        // What has unwound out of it stays known where it is entered again to be dropped.
        let before = std::mem::replace(entered, true);
        let outside = &mut Outside {
            info,
            states,
            begun,
            is_recorded,
        };
        let done = current.within(|| run(held.as_mut(), outside));
        *entered = before;
        done
    }

    pub(super) fn end(
        &mut self,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
        panic_message: Option<String>,
    ) {
        if !self.is_recorded {
            return;
        }
        let info = &self.info;
        settle_status(info, outcome);
        let text = failure
            .as_ref()
            .and_then(|failure| failure.message.as_deref());
        let status = match outcome {
            CallOutcome::Ok | CallOutcome::Cancelled => EventStatus::Info,
            CallOutcome::Error | CallOutcome::Panic => EventStatus::Error,
        };
        let stats = info.stats();
        stats.note(
            RPC_FINISH,
            status,
            text.or(panic_message.as_deref()).unwrap_or_default(),
        );
        stats.end(outcome, failure.as_deref().cloned(), panic_message);
        if !info.invocation().is_attempt() {
            metrics::finished(info, &self.begun);
        }
        if !self.states.is_empty() {
            self.tell_tracers();
        }
        let info = &self.info;
        match self.held.take() {
            Some(held) => {
                let site = self.site.map(|site| info.site().unwrap_or(site));
                held.end(|| inside::attach_rpc(info), site, outcome, failure);
            }
            // Its span has ended where it has unwound.
            None if self.entered => {}
            None => inside::attach_rpc(info),
        }
    }

    fn tell_tracers(&mut self) {
        let (info, states) = (self.info.clone(), std::mem::take(&mut self.states));
        let tracers = &info.0.installed.tracers;
        self.within(|_| tracers.finish(&info, states));
    }
}

/// While something runs inside of a call. What unwinds takes along what is known of it: its span ends with that.
struct Unwinding<'a>(&'a RpcInfo);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        inside::attach_rpc(self.0);
    }
}

/// What of a call can be changed from within it.
pub(super) struct Outside<'a> {
    info: &'a RpcInfo,
    states: &'a mut States,
    begun: &'a mut metrics::Begun,
    is_recorded: &'a mut bool,
}

impl Outside<'_> {
    /// Runs something inside of the span of the call.
    fn run<R>(&mut self, run: impl FnOnce(&mut Self) -> R) -> R {
        let unwinding = Unwinding(self.info);
        let done = run(self);
        std::mem::forget(unwinding);
        done
    }

    pub(super) const fn info(&self) -> &RpcInfo {
        self.info
    }

    /// Tells everybody that the call has started; `false` where nobody records it.
    pub(super) fn start(&mut self, has_span: bool, ticks: u64) -> bool {
        *self.is_recorded = self.started(has_span, ticks);
        *self.is_recorded
    }

    fn started(&mut self, has_span: bool, ticks: u64) -> bool {
        let info = self.info;
        if let Some(ids) = current_ids().filter(|_| has_span) {
            info.0.ids.set(ids);
        } else if mode::get() & mode::INITIALISED == 0 {
            // A capture of another thread.
            return false;
        }
        if !info.invocation().is_attempt() {
            *self.begun = metrics::started(info, ticks);
            if info.stats().level() > StatsLevel::Disabled {
                *self.states = info.0.installed.tracers.start(info);
            }
        }
        true
    }
}
