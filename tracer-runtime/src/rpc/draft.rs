//! A call that is being described, in the place where its description stays: to move it later costs more than to write it.

use std::ops::Deref;
use std::sync::Arc;
#[cfg(feature = "tower")]
use std::time::Duration;

use super::Installed;
#[cfg(feature = "tower")]
use super::described::Attempt;
use super::described::Described;
use super::info::{RpcInfo, Shared};
#[cfg(feature = "tower")]
use super::installed;
#[cfg(feature = "tower")]
use super::known::Known;
use super::plan::RpcPlan;
use crate::context::Remote;

/// A call that nobody else knows of yet.
pub(crate) struct Draft(Arc<Shared>);

impl Draft {
    #[cfg(feature = "tower")]
    pub(crate) fn new(plan: Box<RpcPlan>) -> Self {
        Self::by(installed(), plan)
    }

    pub(super) fn by(installed: &'static Installed, mut plan: Box<RpcPlan>) -> Self {
        let (config, attempt) = (std::mem::take(&mut plan.config), plan.attempt);
        let plan = Described::Own(plan);
        Self::of(Shared::new(plan, config, attempt, installed))
    }

    /// A call like others.
    #[cfg(feature = "tower")]
    pub(crate) fn like(known: &'static Known) -> Self {
        let (plan, config) = (Described::Known(known), known.plan.config.shared());
        Self::of(Shared::new(plan, config, Attempt::default(), installed()))
    }

    #[inline(always)]
    fn of(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        shared.stats.prepare();
        Self(shared)
    }

    fn change(&mut self, change: impl FnOnce(&mut Shared)) {
        if let Some(shared) = Arc::get_mut(&mut self.0) {
            change(shared);
        }
    }

    fn describe(&mut self, describe: impl FnOnce(&mut RpcPlan)) {
        self.change(|shared| {
            if let Some(plan) = shared.plan.own() {
                describe(plan);
            }
        });
    }

    /// How long the call may take.
    #[cfg(feature = "tower")]
    pub(crate) fn set_rpc_timeout(&mut self, timeout: Option<Duration>) {
        self.change(|shared| shared.config.rpc_timeout = timeout);
    }

    /// The call is the next try at this one; without one, at that of the `#[traced(client)]` function that this runs in, if
    /// it does.
    #[cfg(feature = "tower")]
    pub(crate) fn set_attempt(&mut self, call: Option<&RpcInfo>) {
        let attempt = match call {
            Some(call) => Some(Attempt::at(call)),
            None => Attempt::at_function(),
        };
        if let Some(attempt) = attempt {
            self.change(|shared| shared.attempt = attempt);
        }
    }

    /// By the service that the carrier names, where nobody has said which.
    pub(super) fn set_caller(&mut self, remote: Option<&Remote>) {
        if let Some(remote) = remote.filter(|remote| self.lacks_caller(remote)) {
            self.describe(|plan| plan.set_caller(Some(remote)));
        }
    }

    /// With what is known anyway.
    pub(super) fn complete(&mut self) {
        let service_name = &self.0.installed.service_name;
        if !self.0.plan.is_shared() {
            self.describe(|plan| plan.complete(service_name));
        }
    }

    /// As it is known from now on.
    pub(super) fn finish(self) -> RpcInfo {
        RpcInfo(self.0)
    }
}

#[cfg(test)]
impl RpcInfo {
    /// Of a call that nobody drives.
    pub(crate) fn of(plan: RpcPlan) -> Self {
        Draft::by(super::installed(), Box::new(plan)).finish()
    }
}

impl Deref for Draft {
    type Target = RpcPlan;

    fn deref(&self) -> &RpcPlan {
        &self.0.plan
    }
}
