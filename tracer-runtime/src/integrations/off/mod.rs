//! The same names without `enable`: layers that are not there, spans that nobody records.

#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;
#[cfg(feature = "tracing-opentelemetry")]
pub mod tracing_opentelemetry;
