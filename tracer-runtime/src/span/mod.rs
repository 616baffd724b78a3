//! Guards, futures and what can be recorded inside a span.

pub(crate) mod describe;
