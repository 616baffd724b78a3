//! From the end of a span to the collector.

pub(crate) mod account;
