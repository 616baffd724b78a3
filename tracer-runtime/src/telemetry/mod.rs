//! Starting and stopping.

#[cfg(feature = "enable")]
pub(crate) mod builder;
#[cfg(feature = "enable")]
pub(crate) mod env;
pub(crate) mod error;
#[cfg(feature = "enable")]
pub(crate) mod guard;
#[cfg(not(feature = "enable"))]
mod off;
#[cfg(all(feature = "enable", feature = "opentelemetry"))]
mod opentelemetry;
#[cfg(feature = "enable")]
mod start;
#[cfg(all(feature = "enable", feature = "tracing-opentelemetry"))]
mod tracing_opentelemetry;

#[cfg(not(feature = "enable"))]
pub(crate) use off::{builder, guard};
