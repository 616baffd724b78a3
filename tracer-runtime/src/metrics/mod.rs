//! Exact metrics of annotated functions: single-writer cells, one block a thread.

#[cfg(feature = "metrics")]
mod buckets;
#[cfg(feature = "metrics")]
mod cell;
#[cfg(feature = "metrics")]
mod shared;
#[cfg(feature = "metrics")]
mod snapshot;

#[cfg(not(feature = "metrics"))]
mod off;

#[cfg(feature = "otlp")]
pub(crate) use buckets::{SCALE, ZERO_THRESHOLD};
#[cfg(feature = "metrics")]
pub(crate) use cell::{Cell, CellBlock, adopt, shared_cell};
#[cfg(not(feature = "metrics"))]
pub(crate) use off::{Cell, CellBlock, adopt, prepare, shared_cell};
#[cfg(all(test, feature = "otlp"))]
pub(crate) use snapshot::Exponential;
#[cfg(feature = "metrics")]
pub(crate) use snapshot::{FunctionSeries, Snapshot, prepare, snapshot};
