//! What the recorder says about itself: where its records went, and what it holds.

use super::family::{Family, Point, PointValue};
use super::names;
#[cfg(feature = "tracing")]
use crate::integrations::tracing::trouble;
use crate::propagation::errors;
use crate::recorder::account::Totals;
use crate::recorder::{self, budget, pipeline};

pub(super) fn families() -> Vec<Family<'static>> {
    let mut families = of_totals(&recorder::totals());
    let (length, bytes) = pipeline::GLOBAL.queue.size();
    families.extend(
        [
            (names::QUEUE_LENGTH, length),
            (names::QUEUE_SIZE, bytes),
            (names::MEMORY_USAGE, budget::used_bytes()),
            (names::MEMORY_LIMIT, budget::limit_bytes()),
        ]
        .map(|(metric, value)| Family::single(metric, PointValue::Integer(value as u64))),
    );
    families.push(propagation());
    #[cfg(feature = "tracing")]
    families.push(Family::by_label(
        names::TRACING_ERRORS,
        "reason",
        trouble::totals(),
    ));
    families
}

fn propagation() -> Family<'static> {
    let points = errors::totals().map(|(format, reason, errors)| Point {
        labels: vec![
            ("format".into(), format.into()),
            ("reason".into(), reason.into()),
        ],
        value: PointValue::Integer(errors),
    });
    Family {
        metric: names::PROPAGATION_ERRORS,
        points: points.collect(),
    }
}

fn of_totals(totals: &Totals) -> Vec<Family<'static>> {
    let dropped = totals.dropped.iter();
    let lost = dropped.clone().map(|(_, records)| records).sum();
    let mut families = vec![
        Family::by_label(
            names::RECORDS,
            "fate",
            [
                ("exported", totals.exported),
                ("discarded", totals.discarded),
                ("dropped", lost),
            ],
        ),
        Family::by_label(
            names::RECORDS_DROPPED,
            "reason",
            dropped.map(|(reason, records)| (reason.as_str(), *records)),
        ),
    ];
    families.extend(
        [
            (names::TRACES_KEPT, totals.kept_traces),
            (names::ORPHANED_FUTURES, totals.orphans),
            (names::HEALED_FRAGMENTS, totals.healed),
            (names::LATE_TASKS, totals.late),
        ]
        .map(|(metric, value)| Family::single(metric, PointValue::Integer(value))),
    );
    families
}
