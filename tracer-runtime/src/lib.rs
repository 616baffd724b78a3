//! One attribute for spans, exact metrics and context.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::unwrap_used))]

mod callsite;
#[cfg(any(feature = "console", feature = "testing"))]
mod calltree;
mod clock;
mod context;
#[allow(dead_code, reason = "some of it is for features that are off")]
mod export;
mod id;
#[cfg(not(feature = "metrics"))]
#[path = "metrics/off.rs"]
mod metrics;
mod mode;
pub mod propagation;
mod record;
mod recorder;
mod span;
mod sync;
#[allow(dead_code, reason = "some settings are for features that are off")]
mod telemetry;
mod threads;
mod value;

#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use callsite::{Callsite, Level, SpanKind};
pub use context::{Ids, Link, Remote};
pub use id::{SpanId, TraceId};
pub use record::{CallOutcome, Failure};
pub use recorder::policy::{Keep, Sampler};
pub use span::context::{Context, ContextGuard, current_ids};
pub use span::inside::{record, set_error};
pub use span::named::{Span, SpanGuard};
pub use span::outcome::Outcome;
pub use span::task::{FutureExt, InContext, wrap};
#[cfg(feature = "tokio")]
pub use span::task::{spawn, spawn_blocking};
pub use telemetry::builder::{Builder, builder, init};
pub use telemetry::error::{InitError, TelemetryError};
pub use telemetry::guard::Telemetry;
#[doc = include_str!("traced.md")]
pub use tracer_macros::traced;
pub use value::{KeyValue, Value};
