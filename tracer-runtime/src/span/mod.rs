//! Guards, futures and what can be recorded inside a span.

mod active;
pub(crate) mod capture;
pub(crate) mod context;
pub(crate) mod describe;
pub(crate) mod future;
pub(crate) mod guard;
pub(crate) mod inside;
mod macros;
pub(crate) mod named;
pub(crate) mod outcome;
pub(crate) mod probe;
pub(crate) mod probe_return;
pub(crate) mod start;
pub(crate) mod task;
