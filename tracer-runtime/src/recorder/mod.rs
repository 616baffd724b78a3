//! From the end of a span to the collector.

pub(crate) mod account;
pub(crate) mod apart;
mod brief;
pub(crate) mod budget;
pub(crate) mod call;
mod calls;
pub(crate) mod captures;
pub(crate) mod cells;
pub(crate) mod collector;
pub(crate) mod details;
mod emptied;
pub(crate) mod fragment;
pub(crate) mod live;
pub(crate) mod local;
mod parcels;
pub(crate) mod pipeline;
pub(crate) mod policy;
pub(crate) mod pool;
pub(crate) mod queue;
pub(crate) mod reentrancy;
pub(crate) mod renamed;
pub(crate) mod slot;
pub(crate) mod special;
pub(crate) mod suspended;
pub(crate) mod verdict;

/// Where the records of the process went.
pub(crate) fn totals() -> account::Totals {
    let mut totals = pipeline::GLOBAL.account.totals();
    totals.discarded += pool::discarded().0;
    totals
}

#[cfg(all(test, not(tracer_loom)))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests;

#[cfg(all(test, tracer_loom))]
mod models;
