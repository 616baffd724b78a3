//! Which kept trace stands for which bucket of a histogram: the newest call that fell into it.
//!
//! The collector's thread alone adds to them, out of the records of traces that somebody takes, so that the calls
//! themselves have nothing to do with it and no exemplar names a trace that cannot be found.
//!
//! <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#exemplar>

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::classic;
use crate::callsite::Callsite;
use crate::clock::{self, Scale};
use crate::id::{SpanId, TraceId};
use crate::record::SpanView;
use crate::rpc;

/// Callsites that may have some, those first called first: 5 MiB at most, where each has one in every bucket.
const MAX_CALLSITES: usize = 4_096;

/// A call that is known by its span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    /// In the unit of the histogram.
    pub(crate) value: f64,
    /// Of its end, in nanoseconds since the epoch.
    pub(crate) unix_ns: u64,
    /// Of its end: the wall clock may be set back.
    pub(crate) ticks: u64,
}

/// Those of one histogram: at most one a bucket.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Exemplars(Vec<(usize, Exemplar)>);

impl Exemplars {
    /// None at all.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// For the bucket of this number, unless there is a newer one.
    pub(crate) fn put(&mut self, bucket: usize, exemplar: Exemplar) {
        match self.0.iter_mut().find(|(of, _)| *of == bucket) {
            Some((_, known)) if known.ticks > exemplar.ticks => {}
            Some((_, known)) => *known = exemplar,
            None => self.0.push((bucket, exemplar)),
        }
    }

    /// Adds those of another histogram with the same buckets.
    pub(crate) fn add(&mut self, other: &Self) {
        for &(bucket, exemplar) in &other.0 {
            self.put(bucket, exemplar);
        }
    }

    /// That of a bucket.
    pub(crate) fn of(&self, bucket: usize) -> Option<&Exemplar> {
        let found = self.0.iter().find(|(of, _)| *of == bucket);
        found.map(|(_, exemplar)| exemplar)
    }

    /// In no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Exemplar> {
        self.0.iter().map(|(_, exemplar)| exemplar)
    }
}

/// Those of the functions, by the ids of the callsites.
static FUNCTIONS: Functions = Functions {
    limit: MAX_CALLSITES,
    entries: Mutex::new(Vec::new()),
};

type Entry = Option<(&'static Callsite, Exemplars)>;

struct Functions {
    limit: usize,
    entries: Mutex<Vec<Entry>>,
}

/// Takes note of the spans of a trace that was kept and that somebody has taken. For the collector's thread.
pub(crate) fn note<'a>(spans: impl Iterator<Item = SpanView<'a>>) {
    FUNCTIONS.note(spans, clock::scale());
}

/// All there are by now: who reads them before the histograms finds the calls in there.
pub(crate) fn of_functions() -> Vec<(&'static Callsite, Exemplars)> {
    FUNCTIONS.lock().iter().flatten().cloned().collect()
}

impl Functions {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<'a>(&self, spans: impl Iterator<Item = SpanView<'a>>, scale: &Scale) {
        let mut functions = self.lock();
        for span in spans {
            let ticks = span.record.start.saturating_add(span.record.duration);
            let exemplar = |value| Exemplar {
                trace: span.trace,
                span: span.record.span,
                value,
                unix_ns: scale.unix_ns(ticks),
                ticks,
            };
            let site = span.record.callsite.counted();
            if let Some(place) = place_of(&mut functions, site, self.limit) {
                // As the cells work it out, so that it lies in the bucket that has counted it.
                let seconds = span.record.duration as f64 * (scale.ns_per_tick * 1e-9);
                let (_, exemplars) = place.get_or_insert((site, Exemplars::new()));
                exemplars.put(classic::bucket(seconds), exemplar(seconds));
            }
            if let Some(call) = span.details.and_then(|details| details.rpc.as_ref()) {
                rpc::metrics::refer(call, exemplar);
            }
        }
    }
}

/// `None` where calls of this callsite are not counted, and where there are too many.
fn place_of<'a>(
    functions: &'a mut Vec<Entry>,
    site: &'static Callsite,
    limit: usize,
) -> Option<&'a mut Entry> {
    let id = site.id() as usize;
    if id > limit || !site.known_signals()?.has_metrics() {
        return None;
    }
    if functions.len() <= id {
        functions.resize_with(id + 1, || None);
    }
    functions.get_mut(id)
}

#[cfg(test)]
#[path = "exemplars_tests.rs"]
mod tests;
