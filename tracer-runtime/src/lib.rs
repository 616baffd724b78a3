//! One attribute for spans, exact metrics and context.
//!
//! ```
//! use tracer_runtime::traced;
//!
//! #[traced(args(id))]
//! fn place_order(id: u64) -> Result<(), String> {
//!     Err(format!("no {id} in stock"))
//! }
//! # let _ = place_order(7);
//! ```
//!
//! From [`init`] or [`builder`] on, every call of an annotated function is a span with an outcome (`ok`, `error`,
//! `panic`, `cancelled`) and is counted and timed. A trace is kept, for the console or a collector, when it was sampled
//! or when something in it was worth it: see [`Sampler`] and [`Keep`]. Metrics are exact whatever is kept.
//!
//! [`traced`] lists the attribute's arguments. Inside an annotated function there are [`record`], [`event!`],
//! [`checkpoint!`] and [`span!`]; [`FutureExt`] and [`wrap`] take the context to other tasks and threads, [`propagation`]
//! takes it to other services.
//!
//! With the feature `tracing` they are spans of whatever `tracing` subscriber is there too, `init` or not: see [`traced`].
//!
//! The README has a first program, what works, and the features.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::unwrap_used))]
#![cfg_attr(
    not(feature = "full"),
    allow(dead_code, reason = "some of it is for features that are off")
)]

mod baggage;
mod callsite;
#[cfg(all(feature = "enable", any(feature = "console", feature = "testing")))]
mod calltree;
#[cfg(feature = "enable")]
mod clock;
mod context;
#[cfg(feature = "enable")]
mod export;
#[cfg(feature = "enable")]
mod filter;
mod id;
#[cfg(all(
    feature = "enable",
    any(feature = "opentelemetry", feature = "tower", feature = "tracing")
))]
pub mod integrations;
#[cfg(all(
    not(feature = "enable"),
    any(feature = "opentelemetry", feature = "tower", feature = "tracing")
))]
#[path = "integrations/off/mod.rs"]
pub mod integrations;
mod kind;
#[cfg(all(feature = "enable", not(feature = "metrics")))]
#[path = "metrics/off.rs"]
mod metrics;
#[cfg(feature = "enable")]
mod mode;
pub mod propagation;
mod record;
#[cfg(feature = "enable")]
mod recorder;
pub mod rpc;
mod sampling;
mod span;
#[cfg(all(feature = "enable", feature = "tracing"))]
mod subscriber;
#[cfg(all(feature = "enable", not(feature = "tracing")))]
#[path = "subscriber/none.rs"]
mod subscriber;
#[cfg(feature = "enable")]
mod sync;
mod telemetry;
#[cfg(feature = "enable")]
mod threads;
mod value;
#[cfg(feature = "tracing")]
mod visible;

#[cfg(all(feature = "enable", feature = "metrics"))]
pub mod metrics;
#[cfg(all(not(feature = "enable"), feature = "metrics"))]
#[path = "metrics/disabled.rs"]
pub mod metrics;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use baggage::{Baggage, Member, Reach};
pub use callsite::{Callsite, Level, SpanKind};
pub use context::{Ids, Link, Remote};
#[cfg(all(feature = "enable", feature = "console"))]
pub use export::console::Console;
pub use id::{SpanId, TraceId};
#[cfg(feature = "opentelemetry")]
pub use integrations::opentelemetry::OtelContext;
#[cfg(feature = "tracing-fmt")]
pub use integrations::tracing::TraceContextFormat;
#[cfg(feature = "tracing")]
pub use integrations::tracing::{TracingLayer, tracing_layer};
pub use record::{CallOutcome, Failure};
pub use rpc::{RpcEvent, RpcInfo, StatsLevel, StreamEvent, Tracer};
pub use sampling::{Keep, Sampler};
pub use span::baggage::{BaggageGuard, InBaggage};
pub use span::context::{Context, ContextGuard, current_ids};
pub use span::inside::{record, set_error};
pub use span::named::{Span, SpanGuard};
pub use span::outcome::Outcome;
pub use span::task::{FutureExt, InContext, wrap};
#[cfg(feature = "tokio")]
pub use span::task::{spawn, spawn_blocking};
#[cfg(all(not(feature = "enable"), feature = "console"))]
pub use telemetry::builder::Console;
pub use telemetry::builder::{Builder, builder, init};
pub use telemetry::error::{FilterError, InitError, TelemetryError};
pub use telemetry::guard::Telemetry;
#[cfg(not(all(feature = "tracing", not(feature = "enable"))))]
#[doc = include_str!("instrument.md")]
pub use tracer_macros::instrument;
#[doc = include_str!("traced.md")]
pub use tracer_macros::traced;
#[cfg(all(feature = "tracing", not(feature = "enable")))]
pub use tracing::instrument;
pub use value::{KeyValue, Value};

#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../README.md")]
struct Readme;
