//! Spans and events of crates that use `tracing`, in our trees.

mod bridge;
mod busy;
mod database;
mod entry;
mod event;
mod fields;
#[cfg(feature = "tracing-fmt")]
mod format;
mod frames;
#[cfg(feature = "tracing-fmt")]
mod ids;
mod known;
mod layer;
mod sites;
mod span;
mod table;

pub(crate) mod trouble;
mod visit;

#[cfg(feature = "tracing-fmt")]
pub use format::TraceContextFormat;
#[cfg(feature = "tracing-opentelemetry")]
pub(crate) use frames::is_innermost;
pub use layer::{TracingLayer, tracing_layer};
