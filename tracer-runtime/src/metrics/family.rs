//! What is published at one moment, in no format yet.

use std::sync::{Mutex, PoisonError};

use super::explicit::Explicit;
use super::label::Labels;
use super::names::{self, Metric};
use super::snapshot::{Exponential, FunctionSeries, Snapshot};
use super::{own, process, target};
use crate::record::CallOutcome;
use crate::recorder::reentrancy::Inside;

/// All points of one metric; never none.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(crate) metric: &'static Metric,
    pub(crate) points: Vec<Point<'a>>,
}

/// One series.
#[derive(Debug)]
pub(crate) struct Point<'a> {
    pub(crate) labels: Labels<'a>,
    pub(crate) value: PointValue<'a>,
}

/// What a series says.
#[derive(Debug)]
pub(crate) enum PointValue<'a> {
    Integer(u64),
    Float(f64),
    Histogram(&'a Exponential),
    Explicit(Explicit),
}

/// Reads what another part of the crate counts.
pub(crate) type Source = fn() -> Vec<Family<'static>>;

static SOURCES: Mutex<Vec<Source>> = Mutex::new(Vec::new());

/// Publishes what another part of the crate counts, from now on.
pub(crate) fn publish(source: Source) {
    // Whoever comes back in from the allocator does not come here.
    let _inside = Inside::enter();
    let mut sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    sources.push(source);
}

fn sources() -> Vec<Source> {
    let _inside = Inside::enter();
    let sources = SOURCES.lock().unwrap_or_else(PoisonError::into_inner);
    sources.clone()
}

/// Everything, in the order in which it is published.
pub(crate) fn families(snapshot: &Snapshot) -> Vec<Family<'_>> {
    let mut families = vec![target::build(), target::target()];
    families.extend(functions(&snapshot.functions));
    families.extend(own::families());
    for source in &sources() {
        families.extend(source());
    }
    families.extend(process::read().families());
    families.retain(|family| !family.points.is_empty());
    families
}

fn functions(series: &[FunctionSeries]) -> [Family<'_>; 3] {
    let calls = series.iter().flat_map(|series| {
        CallOutcome::ALL.map(|outcome| {
            let mut labels = labels(series);
            labels.push(("outcome".into(), outcome.as_str().into()));
            Point {
                labels,
                value: PointValue::Integer(series.outcomes[outcome as usize]),
            }
        })
    });
    let durations = series.iter().map(|series| Point {
        labels: labels(series),
        value: PointValue::Histogram(&series.durations),
    });
    let in_flight = series.iter().map(|series| Point {
        labels: labels(series),
        value: PointValue::Integer(series.in_flight),
    });
    [
        Family {
            metric: names::FUNCTION_CALLS,
            points: calls.collect(),
        },
        Family {
            metric: names::FUNCTION_DURATION,
            points: durations.collect(),
        },
        Family {
            metric: names::FUNCTION_IN_FLIGHT,
            points: in_flight.collect(),
        },
    ]
}

fn labels(series: &FunctionSeries) -> Labels<'_> {
    vec![
        ("function".into(), series.function.into()),
        ("module".into(), series.module.into()),
    ]
}

impl Family<'_> {
    /// A metric with one series.
    pub(super) fn single(metric: &'static Metric, value: PointValue<'static>) -> Self {
        Self {
            metric,
            points: vec![Point {
                labels: Vec::new(),
                value,
            }],
        }
    }

    /// A metric whose series differ in the value of one label.
    pub(super) fn by_label(
        metric: &'static Metric,
        key: &'static str,
        points: impl IntoIterator<Item = (&'static str, u64)>,
    ) -> Self {
        let points = points.into_iter().map(|(value, count)| Point {
            labels: vec![(key.into(), value.into())],
            value: PointValue::Integer(count),
        });
        Self {
            metric,
            points: points.collect(),
        }
    }
}
