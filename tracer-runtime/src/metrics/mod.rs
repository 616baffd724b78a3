//! Exact metrics of annotated functions, of the recorder and of the process, as text.
//!
//! Every call of a `#[traced]` function is counted when it ends, whatever becomes of its span: by outcome, and by how
//! long it took. Each thread counts in cells of its own; a reading sums them up.

mod buckets;
mod cell;
mod classic;
pub(crate) mod exemplars;
pub(crate) mod explicit;
pub(crate) mod family;
pub(crate) mod label;
pub(crate) mod names;
pub(crate) mod openmetrics;
mod own;
mod process;
#[cfg(feature = "prometheus")]
pub(crate) mod server;
mod shared;
mod snapshot;
mod target;

#[cfg(feature = "otlp")]
pub(crate) use buckets::{SCALE, ZERO_THRESHOLD};
pub(crate) use cell::{Cell, CellBlock, adopt, shared_cell};
#[cfg(feature = "otlp")]
pub(crate) use family::{Family, Point, PointValue, families};
#[cfg(feature = "otlp")]
pub(crate) use names::Kind;
#[cfg(all(test, feature = "otlp"))]
pub(crate) use names::{FUNCTION_CALLS, FUNCTION_DURATION, FUNCTION_IN_FLIGHT, START_TIME, TARGET};
pub use openmetrics::encode;
#[cfg(feature = "otlp")]
pub(crate) use snapshot::Exponential;
#[cfg(feature = "otlp")]
pub(crate) use snapshot::Snapshot;
pub(crate) use snapshot::prepare;
#[cfg(any(all(test, not(tracer_loom)), feature = "otlp"))]
pub(crate) use snapshot::snapshot;
pub(crate) use target::set_target;
