//! The metrics of all functions at one moment.

pub(crate) use crate::metrics::{FunctionSeries, SCALE, Snapshot, ZERO_THRESHOLD};
