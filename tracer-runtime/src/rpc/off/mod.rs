//! Calls between services without the feature `enable`: the same names, and nothing behind them.

pub(super) mod call;
pub mod identity;
pub(super) mod info;
#[cfg(feature = "metrics")]
pub(super) mod metrics;
pub(super) mod stats;
pub mod traced;
