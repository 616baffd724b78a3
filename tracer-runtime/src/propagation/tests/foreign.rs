use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};

use super::{extracted, forwarded, headers};
use crate::propagation::Propagator;

#[test]
fn a_propagator_of_opentelemetry_reads_and_writes_what_ours_do() {
    let formats = || {
        [
            Propagator::opentelemetry(TraceContextPropagator::new()),
            Propagator::opentelemetry(BaggagePropagator::new()),
        ]
    };
    let pairs = [
        ("baggage", "tenant=acme"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "vendor=1"),
    ];
    let ours = extracted([Propagator::TraceContext, Propagator::Baggage], &pairs);
    let theirs = extracted(formats(), &pairs);
    assert_eq!(ours, theirs);
    assert_eq!(
        forwarded(formats(), &theirs.expect("it is valid")),
        headers(&pairs)
    );
    assert_eq!(extracted(formats(), &[("traceparent", "00")]), None);
}
