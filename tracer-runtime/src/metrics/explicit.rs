//! Histograms whose bounds are given: by a convention, or by the user.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::exemplars::{Exemplar, Exemplars};

/// Where the buckets of a histogram end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    /// Each belongs to the bucket below it; ascending, in the unit that is published.
    pub(crate) upper: &'static [f64],
    /// How many of what is recorded make one of what is published.
    pub(crate) per_unit: f64,
}

/// Any thread adds to it.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: Bounds,
    /// The last one is for what is above every bound.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    exemplars: Mutex<Exemplars>,
}

/// What a histogram says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Explicit {
    pub(crate) upper: &'static [f64],
    /// One more than there are bounds.
    pub(crate) counts: Vec<u64>,
    pub(crate) sum: f64,
    pub(crate) exemplars: Exemplars,
}

impl Histogram {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let counts = (0..=bounds.upper.len()).map(|_| AtomicU64::new(0));
        Self {
            bounds,
            counts: counts.collect(),
            sum: AtomicU64::new(0),
            exemplars: Mutex::new(Exemplars::new()),
        }
    }

    pub(crate) fn record(&self, value: u64) {
        self.counts[self.bucket(self.published(value))].fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    /// A value that has been recorded is that of a call with a span.
    pub(crate) fn refer(&self, value: u64, exemplar: impl FnOnce(f64) -> Exemplar) {
        let published = self.published(value);
        self.exemplars()
            .put(self.bucket(published), exemplar(published));
    }

    /// Divided, as the quotient of two integers is the very float that the bound was written as.
    fn published(&self, value: u64) -> f64 {
        value as f64 / self.bounds.per_unit
    }

    fn bucket(&self, published: f64) -> usize {
        self.bounds.upper.partition_point(|&end| end < published)
    }

    fn exemplars(&self) -> MutexGuard<'_, Exemplars> {
        self.exemplars
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read(&self) -> Explicit {
        // First, so that their values are among those counted.
        let exemplars = self.exemplars().clone();
        Explicit {
            exemplars,
            upper: self.bounds.upper,
            counts: self.counts.iter().map(|n| n.load(Relaxed)).collect(),
            sum: self.sum.load(Relaxed) as f64 / self.bounds.per_unit,
        }
    }
}

impl Explicit {
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds another one that has the same bounds.
    pub(crate) fn add(&mut self, other: Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.sum += other.sum;
        self.exemplars.add(&other.exemplars);
    }

    /// Upper bounds, and the count of values up to each. The bound that is missing is infinity.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        self.upper.iter().copied().zip(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SpanId, TraceId};

    const SECONDS: Bounds = Bounds {
        upper: &[0.005, 0.1, 1.0],
        per_unit: 1e9,
    };

    #[test]
    fn a_value_on_a_bound_belongs_to_the_bucket_that_ends_there() {
        let histogram = Histogram::new(SECONDS);
        for ns in [0, 5_000_000, 5_000_001, 100_000_000, 1_000_000_001] {
            histogram.record(ns);
        }
        let read = histogram.read();
        assert_eq!(read.counts, [2, 2, 0, 1]);
        assert_eq!(read.count(), 5);
        assert_eq!(read.sum, 1.110_000_002);
        let cumulative: Vec<_> = read.cumulative().collect();
        assert_eq!(cumulative, [(0.005, 2), (0.1, 4), (1.0, 4)]);
    }

    #[test]
    fn histograms_with_the_same_bounds_add_up() {
        let (one, two) = (Histogram::new(SECONDS), Histogram::new(SECONDS));
        one.record(1);
        two.record(2_000_000_000);
        let mut sum = one.read();
        sum.add(two.read());
        assert_eq!(sum.counts, [1, 0, 0, 1]);
        assert_eq!(sum.sum, 2.000_000_001);
    }

    #[test]
    fn a_call_stands_for_the_bucket_that_it_was_counted_in() {
        let (one, two) = (Histogram::new(SECONDS), Histogram::new(SECONDS));
        let refer = |histogram: &Histogram, ns, ticks| {
            histogram.record(ns);
            histogram.refer(ns, |value| Exemplar {
                trace: TraceId([0, ticks]),
                span: SpanId(ticks),
                value,
                unix_ns: 0,
                ticks,
            });
        };
        refer(&one, 100_000_000, 1);
        refer(&one, 100_000_001, 2);
        refer(&two, 90_000_000, 3);
        let mut sum = one.read();
        sum.add(two.read());
        let values = [0, 1, 2, 3].map(|bucket| sum.exemplars.of(bucket).map(|e| e.value));
        assert_eq!(values, [None, Some(0.09), Some(0.100_000_001), None]);
        assert_eq!(sum.counts, [0, 2, 1, 0]);
    }
}
