//! What the users' tracers have cost the calls, and how often they have panicked.

use super::merge::{histograms, sums};
use crate::metrics::exemplars::Exemplars;
use crate::metrics::explicit::Explicit;
use crate::metrics::family::Family;
use crate::metrics::label::Labels;
use crate::metrics::names;
use crate::rpc::installed;
use crate::rpc::isolation::Report;

/// [`BOUNDS_NS`](crate::rpc::isolation::BOUNDS_NS), in seconds.
const BOUNDS: &[f64] = &[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0];

/// Of those that `init` has installed.
pub(super) fn families() -> [Family<'static>; 2] {
    of(&installed().tracers.reports().collect::<Vec<_>>())
}

fn of(reports: &[&Report]) -> [Family<'static>; 2] {
    let panics = reports
        .iter()
        .map(|report| (labels(report), report.panics()));
    let durations = reports.iter().map(|report| {
        let durations = Explicit {
            upper: BOUNDS,
            counts: report.durations().to_vec(),
            sum: report.seconds(),
            exemplars: Exemplars::new(),
        };
        (labels(report), durations)
    });
    [
        sums(names::CALLBACK_PANICS, panics),
        histograms(names::CALLBACK_DURATION, durations),
    ]
}

/// Two tracers of one type are one series.
fn labels(report: &Report) -> Labels<'static> {
    vec![("tracer".into(), report.tracer.into())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::family::PointValue;
    use crate::rpc::isolation::{BOUNDS_NS, Callback};

    #[test]
    fn the_bounds_are_those_that_are_counted_by() {
        let in_ns = BOUNDS.iter().map(|&bound| (bound * 1e9).round() as u64);
        assert_eq!(in_ns.collect::<Vec<_>>(), BOUNDS_NS);
    }

    #[test]
    fn two_tracers_of_one_type_are_one_series() {
        let reports = [Report::new("app::Log"), Report::new("app::Log")];
        for report in &reports {
            report.isolated(Callback::Start, || ());
        }
        reports[1].isolated(Callback::Finish, || panic!("on purpose"));
        let [panics, durations] = of(&reports.each_ref());
        assert_eq!(panics.points.len(), 1);
        assert!(matches!(panics.points[0].value, PointValue::Integer(1)));
        let PointValue::Explicit(all) = &durations.points[0].value else {
            panic!("{durations:?}");
        };
        assert_eq!((durations.points.len(), all.count()), (1, 3));
    }
}
