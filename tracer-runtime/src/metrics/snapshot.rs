//! The metrics of all annotated functions at one moment, summed over the threads.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use super::buckets::{self, LOWEST, WIDE};
use super::cell::{self, Cell};
use super::exemplars::{self, Exemplars};
use super::shared::{Shared, consistently};
use crate::callsite::{Callsite, Signals};
use crate::clock;
use crate::record::CallOutcome;
use crate::recorder::reentrancy::Inside;

/// A reading of the cells.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "otlp"), allow(dead_code, reason = "text says no times"))]
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
    /// Calls ended, by the number of the outcome.
    pub(crate) outcomes: [u64; CallOutcome::ALL.len()],
    /// Calls begun and not ended.
    pub(crate) in_flight: u64,
    /// Of the calls ended. May be ahead of `outcomes` by the calls that end while it is read.
    pub(crate) durations: Exponential,
}

/// An exponential histogram of scale [`buckets::SCALE`] whose small values, up to [`buckets::ZERO_THRESHOLD`], count as
/// zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Exponential {
    /// Of all values, in seconds.
    pub(crate) sum: f64,
    pub(crate) zero_count: u64,
    /// The bucket of `counts[0]`: `(2^(offset/8), 2^((offset+1)/8)]` s.
    pub(crate) offset: i32,
    /// From the lowest bucket that is not empty to the highest.
    pub(crate) counts: Vec<u64>,
    /// By the number of the classic bucket.
    pub(crate) exemplars: Exemplars,
}

impl Exponential {
    pub(crate) fn count(&self) -> u64 {
        self.zero_count + self.counts.iter().sum::<u64>()
    }

    /// From counts by slot and a sum in ticks.
    fn new(slots: &[u64; WIDE], sum_ticks: u128) -> Self {
        let sum = if sum_ticks == 0 {
            0.0
        } else {
            sum_ticks as f64 * clock::scale().ns_per_tick * 1e-9
        };
        let [zero_count, buckets @ ..] = slots;
        let used = |&count: &u64| count != 0;
        let first = buckets.iter().position(used).unwrap_or(0);
        let end = buckets.iter().rposition(used).map_or(0, |last| last + 1);
        Self {
            sum,
            zero_count: *zero_count,
            offset: LOWEST + first as i32,
            counts: buckets[first..end].to_vec(),
            exemplars: Exemplars::new(),
        }
    }
}

static START: OnceLock<u64> = OnceLock::new();

/// Chooses the clock and fills the bucket table, once a process; before the first call is counted.
pub(crate) fn prepare() {
    buckets::prepare();
    START.get_or_init(unix_ns);
}

fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// Callsites with the same labels, such as two `new` in one module, are one series.
#[derive(Default)]
struct Merged {
    ended: [u64; CallOutcome::ALL.len()],
    /// Never less than those ended.
    started: u64,
    open: i64,
    cells: Vec<&'static Cell>,
    shared: Vec<&'static Shared>,
    exemplars: Exemplars,
}

/// Module and function.
type Key = (&'static str, &'static str);

fn key(callsite: &'static Callsite) -> Option<Key> {
    let counted = callsite.declared != Signals::SpansOnly || callsite.is_counted_on_request();
    counted.then_some((callsite.module, callsite.function))
}

/// Reads every cell. Nothing from within the recorder itself, where it could wait for its own thread.
pub(crate) fn snapshot() -> Snapshot {
    let Some(_inside) = Inside::enter() else {
        return Snapshot::default();
    };
    let series = read();
    let now = unix_ns();
    let start = START.get().map_or(now, |&start| start);
    Snapshot {
        start_unix_ns: start,
        unix_ns: now.max(start),
        functions: series.into_iter().map(Merged::finish).collect(),
    }
}

fn read() -> BTreeMap<Key, Merged> {
    // First of all, so that their calls are among those counted.
    let exemplars = exemplars::of_functions();
    let mut series: BTreeMap<Key, Merged> = BTreeMap::new();
    // Ends first, and then the starts of a fresh list: each end that was seen began in one of those cells.
    for (key, cell) in keyed(cell::all()) {
        let ended = &mut series.entry(key).or_default().ended;
        for (sum, n) in ended.iter_mut().zip(cell.ended()) {
            *sum += n;
        }
    }
    for (key, cell) in keyed(cell::all()) {
        let merged = series.entry(key).or_default();
        merged.started += cell.started();
        merged.open += cell.open();
        merged.cells.push(cell);
    }
    for shared in Shared::all() {
        if let Some(merged) = key(shared.callsite).and_then(|key| series.get_mut(&key)) {
            merged.shared.push(shared);
        }
    }
    for (callsite, exemplars) in &exemplars {
        if let Some(merged) = key(callsite).and_then(|key| series.get_mut(&key)) {
            merged.exemplars.add(exemplars);
        }
    }
    series
}

fn keyed(cells: Vec<&'static Cell>) -> impl Iterator<Item = (Key, &'static Cell)> {
    cells
        .into_iter()
        .filter_map(|cell| Some((key(cell.shared.callsite)?, cell)))
}

impl Merged {
    fn finish(((module, function), merged): (Key, Self)) -> FunctionSeries {
        FunctionSeries {
            function,
            module,
            outcomes: merged.ended,
            in_flight: merged.in_flight(),
            durations: Exponential {
                exemplars: merged.exemplars.clone(),
                ..consistently(|| merged.durations())
            },
        }
    }

    /// Cell by cell, as `started` less `ended` counts the calls that begin while the others are read. Calls that move
    /// between threads meanwhile make it inexact, but not more than there can be.
    fn in_flight(&self) -> u64 {
        let most = self.started.saturating_sub(self.ended.iter().sum());
        u64::try_from(self.open).unwrap_or(0).min(most)
    }

    fn durations(&self) -> Exponential {
        let (mut slots, mut sum) = ([0; WIDE], 0_u128);
        for cell in &self.cells {
            sum += u128::from(cell.add_to(&mut slots));
        }
        for wide in self.shared.iter().filter_map(|shared| shared.wide()) {
            sum += u128::from(wide.add_to(&mut slots)) << 64;
        }
        Exponential::new(&slots, sum)
    }
}

#[cfg(test)]
mod tests;
