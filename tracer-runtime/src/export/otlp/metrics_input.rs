//! The metrics of all functions at one moment.

use crate::record::CallOutcome;

/// A reading of the cells.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Since when everything counts, in nanoseconds since the epoch.
    pub(crate) start_unix_ns: u64,
    /// Of the reading, in nanoseconds since the epoch.
    pub(crate) unix_ns: u64,
    /// Every function that was called, by module and name.
    pub(crate) functions: Vec<FunctionSeries>,
}

/// What the calls of one function did.
#[derive(Debug)]
pub(crate) struct FunctionSeries {
    pub(crate) function: &'static str,
    pub(crate) module: &'static str,
    /// Calls begun; never less than those ended.
    pub(crate) started: u64,
    /// Calls ended, by the number of the outcome.
    pub(crate) outcomes: [u64; CallOutcome::ALL.len()],
    /// Of the calls ended.
    pub(crate) durations: Exponential,
}

/// An exponential histogram of scale 3.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Exponential {
    /// Of all values, in seconds.
    pub(crate) sum: f64,
    pub(crate) zero_count: u64,
    /// The bucket of `counts[0]`: `(2^(offset/8), 2^((offset+1)/8)]` s.
    pub(crate) offset: i32,
    /// From the lowest bucket that is not empty to the highest.
    pub(crate) counts: Vec<u64>,
}

impl FunctionSeries {
    pub(crate) fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.outcomes.iter().sum())
    }
}

impl Exponential {
    pub(crate) fn count(&self) -> u64 {
        self.zero_count + self.counts.iter().sum::<u64>()
    }
}

pub(crate) const SCALE: i32 = 3;
pub(crate) const ZERO_THRESHOLD: f64 = 1.0 / (1_u64 << 26) as f64;
