use super::*;
use crate::export::own_series::of_totals;
use crate::export::resource::Resource;
use crate::metrics::Exponential;
use crate::recorder::account::{Account, DropReason, Tally};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message;

const START: u64 = 1_000;
const NOW: u64 = 9_000;

fn series(function: &'static str) -> FunctionSeries {
    FunctionSeries {
        function,
        module: "shop::orders",
        started: 20,
        outcomes: [10, 3, 2, 1],
        durations: Exponential {
            sum: 4.5,
            zero_count: 1,
            offset: -14,
            counts: vec![4, 0, 11],
        },
    }
}

fn snapshot(functions: Vec<FunctionSeries>) -> Snapshot {
    Snapshot {
        start_unix_ns: START,
        unix_ns: NOW,
        functions,
    }
}

fn metrics(request: &EncodedMetrics) -> Vec<Metric> {
    let request =
        ExportMetricsServiceRequest::decode(request.body.clone()).expect("a valid message");
    let group = &request.resource_metrics[0];
    let service = &group.resource.as_ref().expect("a resource").attributes[0];
    assert_eq!(*service, key_value("service.name", text("shop")));
    assert_eq!(
        group.scope_metrics[0].scope.as_ref().expect("a scope").name,
        "tracer-runtime"
    );
    group.scope_metrics[0].metrics.clone()
}

fn encoded(functions: Vec<FunctionSeries>, max_bytes: usize) -> Vec<EncodedMetrics> {
    let envelope = Envelope::new(&Resource::new(&[], Some("shop"), &[]));
    encode(&snapshot(functions), &[], &envelope, max_bytes)
}

fn point(attributes: Vec<ProtoKeyValue>, value: i64) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        start_time_unix_nano: START,
        time_unix_nano: NOW,
        exemplars: vec![],
        flags: 0,
        value: Some(Number::AsInt(value)),
    }
}

#[test]
fn every_field_of_a_functions_metrics_arrives() {
    let requests = encoded(vec![series("pay")], usize::MAX);
    assert_eq!((requests.len(), requests[0].points), (1, 6));
    let labels = || {
        vec![
            key_value("function", text("pay")),
            key_value("module", text("shop::orders")),
        ]
    };
    let outcome = |outcome: &str, value| {
        let mut attributes = labels();
        attributes.push(key_value("outcome", text(outcome)));
        point(attributes, value)
    };
    let calls = Metric {
        name: "function.calls".into(),
        description: "Calls that have ended, by outcome".into(),
        unit: "{call}".into(),
        metadata: vec![],
        data: Some(Data::Sum(Sum {
            data_points: vec![
                outcome("ok", 10),
                outcome("error", 3),
                outcome("panic", 2),
                outcome("cancelled", 1),
            ],
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        })),
    };
    let duration = Metric {
        name: "function.calls.duration".into(),
        description: "How long the calls took".into(),
        unit: "s".into(),
        metadata: vec![],
        data: Some(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![ExponentialHistogramDataPoint {
                attributes: labels(),
                start_time_unix_nano: START,
                time_unix_nano: NOW,
                count: 16,
                sum: Some(4.5),
                scale: 3,
                zero_count: 1,
                positive: Some(Buckets {
                    offset: -14,
                    bucket_counts: vec![4, 0, 11],
                }),
                negative: None,
                flags: 0,
                exemplars: vec![],
                min: None,
                max: None,
                zero_threshold: ZERO_THRESHOLD,
            }],
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        })),
    };
    let in_flight = Metric {
        name: "function.calls.in_flight".into(),
        description: "Calls that have begun and not ended".into(),
        unit: "{call}".into(),
        metadata: vec![],
        data: Some(Data::Sum(Sum {
            data_points: vec![point(labels(), 4)],
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: false,
        })),
    };
    assert_eq!(metrics(&requests[0]), [calls, duration, in_flight]);
}

#[test]
fn what_was_lost_is_told_by_reason() {
    let account = Account::new();
    account.exported(5);
    account.discarded(6);
    account.dropped(DropReason::QueueFull, 7);
    account.tally(Tally::KeptTrace);
    let envelope = Envelope::new(&Resource::new(&[], Some("shop"), &[]));
    let own = of_totals(&account.totals());
    let requests = encode(&snapshot(vec![]), &own, &envelope, usize::MAX);
    assert_eq!(requests.len(), 1);
    let metrics = metrics(&requests[0]);
    let names: Vec<&str> = metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "tracer.records.exported",
            "tracer.records.discarded",
            "tracer.records.dropped",
            "tracer.traces.kept"
        ]
    );
    let Some(Data::Sum(exported)) = &metrics[0].data else {
        panic!("a sum: {metrics:?}");
    };
    assert_eq!(exported.data_points, [point(vec![], 5)]);
    let Some(Data::Sum(dropped)) = &metrics[2].data else {
        panic!("a sum: {metrics:?}");
    };
    assert!(dropped.is_monotonic);
    let queue_full = point(vec![key_value("reason", text("queue_full"))], 7);
    assert!(dropped.data_points.contains(&queue_full), "{dropped:?}");
    assert_eq!(dropped.data_points.len(), DropReason::ALL.len());
}

#[test]
fn nothing_to_say_is_no_request() {
    assert!(encoded(vec![], usize::MAX).is_empty());
}

#[test]
fn what_is_too_large_for_one_request_goes_in_several_and_every_point_once() {
    const MAX: usize = 4_000;
    let functions = || (0..40).map(|_| series("f")).collect();
    let requests = encoded(functions(), MAX);
    assert!(requests.len() > 1);
    assert!(requests.iter().all(|r| r.body.len() <= MAX));
    assert_eq!(requests.iter().map(|r| r.points).sum::<u64>(), 240);
    // One function alone goes in whole.
    assert_eq!(encoded(vec![series("f")], 1).len(), 1);
}
