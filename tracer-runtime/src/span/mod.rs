//! Guards, futures and what can be recorded inside a span.

#[cfg(feature = "enable")]
mod active;
#[cfg(feature = "enable")]
pub(crate) mod baggage;
#[cfg(feature = "enable")]
mod begun;
pub(crate) mod capture;
#[cfg(feature = "enable")]
pub(crate) mod context;
pub(crate) mod describe;
#[cfg(all(
    feature = "enable",
    any(feature = "tracing", feature = "opentelemetry")
))]
pub(crate) mod detached;
#[cfg(feature = "enable")]
mod dropping;
#[cfg(feature = "enable")]
mod ended;
#[cfg(feature = "enable")]
pub(crate) mod future;
#[cfg(feature = "enable")]
pub(crate) mod guard;
#[cfg(feature = "enable")]
pub(crate) mod held;
#[cfg(feature = "enable")]
pub(crate) mod inside;
pub(crate) mod judge;
mod macros;
#[cfg(feature = "enable")]
mod metric;
#[cfg(feature = "enable")]
pub(crate) mod named;
#[cfg(all(feature = "enable", feature = "tracing"))]
pub(crate) mod noted;
#[cfg(not(feature = "enable"))]
mod off;
#[cfg(feature = "enable")]
mod opening;
pub(crate) mod outcome;
#[cfg(feature = "enable")]
pub(crate) mod place;
pub(crate) mod probe;
pub(crate) mod probe_return;
#[cfg(feature = "enable")]
mod resumed;
#[cfg(feature = "enable")]
mod rpc;
#[cfg(all(
    feature = "enable",
    any(feature = "tracing", feature = "opentelemetry")
))]
pub(crate) mod spare;
#[cfg(feature = "enable")]
pub(crate) mod start;
#[cfg(feature = "enable")]
mod state;
#[cfg(feature = "enable")]
pub(crate) mod task;
#[cfg(feature = "enable")]
mod watched;

#[cfg(not(feature = "enable"))]
pub(crate) use off::{baggage, context, future, guard, inside, named, start, task};
