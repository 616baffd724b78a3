//! One attribute for spans, exact metrics and context.

mod callsite;
mod clock;
mod context;
#[allow(dead_code, reason = "the collector thread and `init` drive it")]
mod export;
mod id;
mod metrics;
mod record;
mod recorder;
mod span;
#[allow(dead_code, reason = "the collector thread and `init` drive it")]
mod telemetry;
mod threads;
mod value;

pub use callsite::{Callsite, Level, SpanKind};
pub use context::{Ids, Link, Remote};
pub use id::{SpanId, TraceId};
pub use record::{CallOutcome, Failure};
pub use tracer_macros::traced;
pub use value::{KeyValue, Value};
