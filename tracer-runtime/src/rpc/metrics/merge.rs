//! Points from series: those that differ in nothing that a metric says become one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::key::Key;
use super::registry::Series;
use crate::metrics::explicit::Explicit;
use crate::metrics::family::{Family, Point, PointValue};
use crate::metrics::label::Labels;
use crate::metrics::names::Metric;

/// A family of sums.
pub(super) fn sums<'a>(
    metric: &'static Metric,
    points: impl IntoIterator<Item = (Labels<'a>, u64)>,
) -> Family<'a> {
    let mut merged = BTreeMap::new();
    for (labels, value) in points {
        *merged.entry(labels).or_insert(0) += value;
    }
    family(metric, merged, PointValue::Integer)
}

/// A family of histograms that have the same bounds.
pub(super) fn histograms<'a>(
    metric: &'static Metric,
    points: impl IntoIterator<Item = (Labels<'a>, Explicit)>,
) -> Family<'a> {
    let mut merged: BTreeMap<Labels<'a>, Explicit> = BTreeMap::new();
    for (labels, values) in points {
        match merged.get_mut(&labels) {
            Some(sum) => sum.add(values),
            None => _ = merged.insert(labels, values),
        }
    }
    family(metric, merged, PointValue::Explicit)
}

fn family<'a, V>(
    metric: &'static Metric,
    merged: BTreeMap<Labels<'a>, V>,
    value: impl Fn(V) -> PointValue<'a>,
) -> Family<'a> {
    let points = merged.into_iter().map(|(labels, merged)| Point {
        labels,
        value: value(merged),
    });
    Family {
        metric,
        points: points.collect(),
    }
}

/// The labels of a series, by its key; those of the series of all the rest say only that.
pub(super) fn labels(
    series: &'static Series,
    of_key: impl Fn(&Key<'static>) -> Labels<'static>,
) -> Labels<'static> {
    match series.key() {
        Some(key) => of_key(key),
        None => vec![("otel.metric.overflow".into(), true.into())],
    }
}

/// How long the calls of each series took.
pub(super) fn latencies(
    series: &[&'static Series],
    of_key: impl Fn(&Key<'static>) -> Labels<'static>,
) -> Vec<(Labels<'static>, Explicit)> {
    let latency = |series: &&'static Series| {
        let latency = series.latency.as_ref()?;
        Some((labels(series, &of_key), latency.read()))
    };
    series.iter().filter_map(latency).collect()
}

/// A number that is read now.
pub(super) fn load(number: &AtomicU64) -> u64 {
    number.load(Relaxed)
}
