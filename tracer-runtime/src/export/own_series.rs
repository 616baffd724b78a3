//! What we count about ourselves: one list, from which every format takes its names.

use crate::recorder::account::Totals;

/// A monotone sum with an OpenTelemetry name. Prometheus' name has `_` for `.` and ends in `_total`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnSeries {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) description: &'static str,
    /// The key that tells the points apart, where there are several.
    pub(crate) key: Option<&'static str>,
    /// The value of the key, and the number.
    pub(crate) points: Vec<(&'static str, u64)>,
}

/// The fate of all records of a pipeline.
pub(crate) fn of_totals(totals: &Totals) -> Vec<OwnSeries> {
    let records = |name, description, count| OwnSeries {
        name,
        unit: "{record}",
        description,
        key: None,
        points: vec![("", count)],
    };
    let dropped = totals.dropped.iter();
    vec![
        records(
            "tracer.records.exported",
            "Span records that an exporter has delivered",
            totals.exported,
        ),
        records(
            "tracer.records.discarded",
            "Span records of traces that were not kept",
            totals.discarded,
        ),
        OwnSeries {
            name: "tracer.records.dropped",
            unit: "{record}",
            description: "Span records that were lost",
            key: Some("reason"),
            points: dropped.map(|(why, n)| (why.as_str(), *n)).collect(),
        },
        OwnSeries {
            name: "tracer.traces.kept",
            unit: "{trace}",
            description: "Traces, or parts of one, that were handed to the exporters",
            key: None,
            points: vec![("", totals.kept_traces)],
        },
    ]
}
