//! A call that is over, on its way to the collector: by value where nobody else knows of it, so that what its thread has allocated
//! its thread frees.

use std::sync::Arc;

use super::info::{RpcInfo, Shared};

/// See the module. Still shared where somebody else knows of it.
#[derive(Debug)]
pub(crate) struct Flat(Result<Shared, Arc<Shared>>);

impl Flat {
    #[inline]
    pub(crate) fn of(info: RpcInfo) -> Self {
        Self(Arc::try_unwrap(info.0))
    }

    pub(crate) fn info(self) -> RpcInfo {
        RpcInfo(match self.0 {
            Ok(alone) => Arc::new(alone),
            Err(shared) => shared,
        })
    }
}

impl RpcInfo {
    /// Whether it holds nothing that would have to be freed.
    #[inline]
    pub(crate) fn is_flat(&self) -> bool {
        let shared = &self.0;
        shared.plan.is_shared()
            && shared.config.is_flat()
            && shared.late.is_flat()
            && shared.stats.is_flat()
    }
}
