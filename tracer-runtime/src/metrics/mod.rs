//! Exact metrics of annotated functions: single-writer cells, one block a thread.

mod buckets;
mod cell;
mod reentrancy;
mod shared;
mod snapshot;

pub(crate) use cell::{Cell, CellBlock, adopt, shared_cell};
pub(crate) use snapshot::{Exponential, FunctionSeries, Snapshot, prepare, snapshot};
