//! The series of one family: found by key, kept for good, and never too many.

use std::collections::HashMap;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed},
};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard};

use super::key::Key;
use super::{cache, publish_once};
use crate::metrics::explicit::{Bounds, Histogram};
use crate::recorder::reentrancy::Inside;

/// As the OpenTelemetry specification has it: more series than that come from outside rather than from an interface.
///
/// <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits>
const MAX_SERIES: usize = 2_000;

/// Every series of a family.
#[derive(Debug)]
pub(super) struct Registry {
    /// What tells it from other registries in the caches of the threads.
    id: u32,
    bounds: Option<Bounds>,
    limit: usize,
    known: RwLock<HashMap<Key<'static>, &'static Series>>,
    overflow: &'static Series,
}

/// What the calls of one kind have counted. Any thread adds to it.
#[derive(Debug)]
pub(super) struct Series {
    registry: u32,
    hash: u64,
    /// `None` for all calls whose own series would be too many.
    key: Option<Key<'static>>,
    /// How long they took.
    pub(super) latency: Option<Histogram>,
    /// Of the bodies of requests and of answers.
    sizes: OnceLock<Box<[Histogram; 2]>>,
    active: AtomicU64,
    pub(super) traffic: [AtomicU64; 4],
}

impl Series {
    fn new(registry: u32, hash: u64, key: Option<Key<'static>>, bounds: Option<Bounds>) -> Self {
        Self {
            registry,
            hash,
            key,
            latency: bounds.map(Histogram::new),
            sizes: OnceLock::new(),
            active: AtomicU64::new(0),
            traffic: [const { AtomicU64::new(0) }; 4],
        }
    }

    /// Whether it is the one of this key.
    pub(super) fn is(&self, registry: u32, hash: u64, key: &Key<'_>) -> bool {
        self.hash == hash
            && self.registry == registry
            && self.key.as_ref().is_some_and(|own| own.is(key))
    }

    /// What tells it apart; `None` for the one of all the rest.
    pub(super) fn key(&self) -> Option<&Key<'static>> {
        self.key.as_ref()
    }

    pub(super) fn record(&self, value: u64) {
        if let Some(latency) = &self.latency {
            latency.record(value);
        }
    }

    /// How many it has recorded.
    pub(super) fn count(&self) -> u64 {
        self.latency.as_ref().map_or(0, |all| all.read().count())
    }

    pub(super) fn enter(&self) {
        self.active.fetch_add(1, AcqRel);
    }

    pub(super) fn leave(&self) {
        self.active.fetch_sub(1, AcqRel);
    }

    pub(super) fn active(&self) -> u64 {
        self.active.load(Acquire)
    }

    /// Adds to the sums of what was sent and received.
    pub(super) fn add_traffic(&self, sums: [u64; 4]) {
        for (sum, more) in self.traffic.iter().zip(sums) {
            if more != 0 {
                sum.fetch_add(more, Relaxed);
            }
        }
    }

    /// The histograms of sizes; made at their first use, unless this thread is inside the recorder.
    pub(super) fn make_sizes(&self, bounds: Bounds) -> Option<&[Histogram; 2]> {
        if self.sizes.get().is_none() {
            let _inside = Inside::enter()?;
            let sizes = [(); 2].map(|()| Histogram::new(bounds));
            // `set`, not `get_or_init`: whoever comes second must not wait for an allocator.
            let _ = self.sizes.set(Box::new(sizes));
        }
        self.sizes()
    }

    pub(super) fn sizes(&self) -> Option<&[Histogram; 2]> {
        self.sizes.get().map(|sizes| &**sizes)
    }
}

impl Registry {
    pub(super) fn new(bounds: Option<Bounds>) -> Self {
        Self::with_limit(bounds, MAX_SERIES)
    }

    /// With another number of series; the one of all the rest comes on top.
    pub(super) fn with_limit(bounds: Option<Bounds>, limit: usize) -> Self {
        static IDS: AtomicU32 = AtomicU32::new(0);
        let id = IDS.fetch_add(1, Relaxed);
        Self {
            id,
            bounds,
            limit,
            known: RwLock::default(),
            overflow: Box::leak(Box::new(Series::new(id, 0, None, bounds))),
        }
    }

    /// The series of this key, or the one of all the rest.
    pub(super) fn series(&self, key: &Key<'_>) -> &'static Series {
        let hash = key.hash(self.id);
        cache::get(self.id, hash, key).unwrap_or_else(|| self.find(hash, key))
    }

    /// The series that this key has been counted in, as far as can be said; none is made.
    pub(super) fn known(&self, key: &Key<'_>) -> Option<&'static Series> {
        let hash = key.hash(self.id);
        cache::get(self.id, hash, key).or_else(|| {
            let known = self.read();
            let full = known.len() >= self.limit;
            let known: &HashMap<Key<'_>, _> = &known;
            let series = known.get(key).copied();
            series.or_else(|| full.then_some(self.overflow))
        })
    }

    #[cold]
    fn find(&self, hash: u64, key: &Key<'_>) -> &'static Series {
        // This thread may hold the lock already.
        let Some(_inside) = Inside::enter() else {
            return self.overflow;
        };
        let found = {
            let known = self.read();
            let known: &HashMap<Key<'_>, _> = &known;
            known.get(key).copied()
        };
        match found.or_else(|| self.add(hash, key)) {
            Some(series) => {
                cache::put(hash, series);
                series
            }
            None => self.overflow,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Key<'static>, &'static Series>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None` where there are too many already.
    fn add(&self, hash: u64, key: &Key<'_>) -> Option<&'static Series> {
        if self.read().len() >= self.limit {
            return None;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let same: &HashMap<Key<'_>, &'static Series> = &known;
        if let Some(series) = same.get(key) {
            return Some(series);
        }
        if known.len() >= self.limit {
            return None;
        }
        let key = key.leaked();
        let series = Series::new(self.id, hash, Some(key), self.bounds);
        let series: &'static Series = Box::leak(Box::new(series));
        known.insert(key, series);
        Some(series)
    }

    /// In the order of their keys; the one of all the rest comes first, and only where it was needed.
    pub(super) fn all(&self) -> Vec<&'static Series> {
        let mut all: Vec<_> = self.read().values().copied().collect();
        let full = all.len() >= self.limit;
        all.sort_unstable_by_key(|series| series.key);
        let rest = self.overflow;
        if full || rest.count() > 0 || rest.active() > 0 {
            all.insert(0, rest);
        }
        all
    }
}

/// A registry that is made when the first call needs it, and published from then on.
#[derive(Debug)]
pub(super) struct Lazy {
    registry: OnceLock<Registry>,
    bounds: Option<Bounds>,
}

impl Lazy {
    pub(super) const fn new(bounds: Option<Bounds>) -> Self {
        Self {
            registry: OnceLock::new(),
            bounds,
        }
    }

    /// `None` where it would have to be made and this thread is inside the recorder.
    pub(super) fn get(&self) -> Option<&Registry> {
        self.get_with(|| self.bounds)
    }

    /// With bounds that count only where it is made.
    pub(super) fn get_with(&self, bounds: impl FnOnce() -> Option<Bounds>) -> Option<&Registry> {
        if let Some(registry) = self.registry.get() {
            return Some(registry);
        }
        let _inside = Inside::enter()?;
        publish_once();
        let _ = self.registry.set(Registry::new(bounds()));
        self.registry.get()
    }

    /// `None` where no call has needed it.
    pub(super) fn made(&self) -> Option<&Registry> {
        self.registry.get()
    }

    /// Nothing where no call has needed it.
    pub(super) fn all(&self) -> Vec<&'static Series> {
        self.registry.get().map(Registry::all).unwrap_or_default()
    }
}
