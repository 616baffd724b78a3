//! A call that is over, on its way to the collector: by value where nobody else knows of it, so that what its thread has allocated
//! its thread frees.

use std::sync::Arc;

use super::info::{RpcInfo, Shared};

/// See the module.
#[derive(Debug)]
pub(crate) struct Flat(Known);

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "the larger one is the usual one")]
enum Known {
    ToNobody(Shared),
    ToOthers(RpcInfo),
}

impl Flat {
    #[inline]
    pub(crate) fn of(info: RpcInfo) -> Self {
        Self(match Arc::try_unwrap(info.0) {
            Ok(shared) => Known::ToNobody(shared),
            Err(shared) => Known::ToOthers(RpcInfo(shared)),
        })
    }

    pub(crate) fn info(self) -> RpcInfo {
        match self.0 {
            Known::ToNobody(shared) => RpcInfo(Arc::new(shared)),
            Known::ToOthers(info) => info,
        }
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
