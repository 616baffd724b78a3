//! A span that several owners drive one after the other: a future, then the body that it gave.

use std::mem::{self, ManuallyDrop};

use super::start::Start;
use super::state::{Call, Other, State};
use super::{begun, dropping, ended, inside, resumed, rpc};
use crate::callsite::Callsite;
use crate::record::{CallOutcome, Failure};
use crate::recorder::call::Before;
use crate::recorder::local;
use crate::rpc::RpcInfo;

/// A call that runs while somebody holds this. Dropped without an end, it is `cancelled`.
#[derive(Debug)]
pub(crate) struct Held(ManuallyDrop<Call>);

impl Held {
    /// A call that [`Self::begin`] begins.
    #[inline]
    pub(crate) fn waiting(site: &'static Callsite) -> Self {
        let state = State::Other(Other::Waiting);
        Self(ManuallyDrop::new(Call { site, state }))
    }

    /// A call that begins when it is first entered.
    pub(crate) fn new(site: &'static Callsite, at: Start) -> Self {
        let state = State::Other(Other::WaitingAt(Box::new(at)));
        Self(ManuallyDrop::new(Call { site, state }))
    }

    /// Begins the call, by the full rules a moment after this tick, and makes it current; what was so before, and whether the
    /// call has a span.
    #[inline(always)]
    pub(crate) fn begin(&mut self, at: &mut Start, ticks: u64) -> (Before, bool) {
        let Call { site, state } = &mut *self.0;
        let before = local::unchecked(|local| begun::begin_at(local, site, state, at, ticks));
        let before = before.unwrap_or_else(|| begun::without_local(site, state));
        (before, state.has_span())
    }

    /// [`Self::enter_here`] by the full rules.
    fn enter(&mut self) -> Before {
        let Call { site, state } = &mut *self.0;
        let before = local::unchecked(|local| begun::resume(local, site, state));
        before.unwrap_or_else(|| begun::without_local(site, state))
    }

    /// Makes the call current; what was so before, for [`Self::leave`].
    #[inline(always)]
    pub(crate) fn enter_here(&mut self) -> Before {
        let Call { site, state } = &mut *self.0;
        let before = local::unchecked(|local| match &*state {
            State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                local.enter(child.span)
            }
            State::Other(Other::Root { .. } | Other::Blank { .. }) if local.is_open() => {
                resumed::root_here(local, state)
            }
            _ => begun::resume(local, site, state),
        });
        before.unwrap_or_else(|| begun::without_local(site, state))
    }

    /// Makes current again what was so before.
    #[inline(always)]
    pub(crate) fn leave(&mut self, before: Before) {
        let state = &mut self.0.state;
        local::unchecked(|local| match &*state {
            State::Child(child) if local.fragment_id.get() == child.fragment.get() => {
                local.span.set(before.span);
            }
            _ => resumed::pause_here(local, state, before),
        });
    }

    /// Ends the call, which is current, as a `panic`.
    #[cold]
    pub(crate) fn unwind(&mut self, before: Before) {
        ended::unwind(self.0.site, &mut self.0.state, before);
    }

    /// Runs something inside the call. What unwinds out of it ends the call as a `panic`.
    pub(crate) fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        struct Unwinding<'a>(&'a mut Held, Before);

        impl Drop for Unwinding<'_> {
            fn drop(&mut self) {
                self.0.unwind(self.1);
            }
        }

        let before = self.enter();
        let unwinding = Unwinding(self, before);
        let done = run();
        mem::forget(unwinding);
        self.leave(before);
        done
    }

    /// Ends the call, whose span stands for this one between services, if any. From now on it is known by `site`, if any, of
    /// the same kind as before.
    pub(crate) fn end(
        &mut self,
        mut rpc: Option<RpcInfo>,
        site: Option<&'static Callsite>,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
    ) {
        let Call { site: own, state } = &mut *self.0;
        let site = site.unwrap_or(*own);
        let ended = failure.is_none()
            && local::with(|local| rpc::end(local, site, state, outcome, &mut rpc)) == Some(true);
        if !ended {
            self.end_inside(rpc.as_ref(), site, outcome, failure);
        }
    }

    /// Ends the call where it is current, by the full rules.
    #[inline(never)]
    fn end_inside(
        &mut self,
        rpc: Option<&RpcInfo>,
        site: &'static Callsite,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
    ) {
        let before = self.enter();
        let state = &mut self.0.state;
        if let Some(rpc) = rpc
            && state.has_span()
        {
            inside::attach_rpc(rpc);
        }
        if state.is_recorded() {
            ended::end_unusual(site, state, before, outcome, failure);
            state.put(State::Other(Other::Done));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        dropping::cancel(self.0.site, &mut self.0.state);
    }
}
