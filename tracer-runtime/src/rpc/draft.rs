//! A call that is being described, in the place where its description stays: to move it later costs more than to write it.

use std::ops::Deref;
use std::sync::Arc;

use super::Installed;
use super::info::{RpcInfo, Shared};
#[cfg(feature = "tower")]
use super::installed;
use super::plan::RpcPlan;

/// A call that nobody else knows of yet.
pub(crate) struct Draft(Arc<Shared>);

impl Draft {
    #[cfg(feature = "tower")]
    pub(crate) fn new(plan: RpcPlan) -> Self {
        Self::by(installed(), plan)
    }

    pub(super) fn by(installed: &'static Installed, plan: RpcPlan) -> Self {
        Self(Arc::new(Shared::new(plan, installed)))
    }

    pub(super) fn installed(&self) -> &'static Installed {
        self.0.installed
    }

    /// Says more about the call.
    pub(crate) fn change<R>(&mut self, change: impl FnOnce(&mut RpcPlan) -> R) -> Option<R> {
        Some(change(&mut Arc::get_mut(&mut self.0)?.plan))
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
        Draft::by(super::installed(), plan).finish()
    }
}

impl Deref for Draft {
    type Target = RpcPlan;

    fn deref(&self) -> &RpcPlan {
        &self.0.plan
    }
}
