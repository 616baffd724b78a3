//! One attribute for spans, exact metrics and context.

mod callsite;
mod clock;
mod context;
mod id;
mod metrics;
mod record;
mod recorder;
mod span;
mod threads;
mod value;

pub use callsite::{Callsite, Level, SpanKind};
pub use context::{Ids, Link, Remote};
pub use id::{SpanId, TraceId};
pub use record::{CallOutcome, Failure};
pub use tracer_macros::traced;
pub use value::{KeyValue, Value};
