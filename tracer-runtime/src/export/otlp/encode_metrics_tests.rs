use super::*;
use crate::export::resource::Resource;
use crate::metrics::exemplars::Exemplar;
use crate::metrics::names::HTTP_SERVER_DURATION;
use crate::metrics::{
    FUNCTION_CALLS, FUNCTION_DURATION, FUNCTION_IN_FLIGHT, START_TIME, TARGET, families, snapshot,
};
use crate::{SpanId, TraceId};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;

const TIMES: Times = Times {
    start: 1_000,
    now: 9_000,
};

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

fn encoded(families: &[Family<'_>], max_bytes: usize) -> Vec<EncodedMetrics> {
    let envelope = Envelope::new(&Resource::new(&[], Some("shop"), &[]));
    encode(families, TIMES, &envelope, max_bytes)
}

fn point<'a>(labels: &[(&'a str, &'a str)], value: PointValue<'a>) -> Point<'a> {
    let labels = labels.iter().map(|&(k, v)| (k.into(), v.into()));
    Point {
        labels: labels.collect(),
        value,
    }
}

fn expected_point(labels: &[(&str, &str)], value: Number) -> NumberDataPoint {
    let attributes = labels.iter().map(|(k, v)| key_value(k, text(v)));
    NumberDataPoint {
        attributes: attributes.collect(),
        start_time_unix_nano: TIMES.start,
        time_unix_nano: TIMES.now,
        exemplars: vec![],
        flags: 0,
        value: Some(value),
    }
}

fn durations() -> Exponential {
    Exponential {
        sum: 4.5,
        zero_count: 1,
        offset: -14,
        counts: vec![4, 0, 11],
        exemplars: exemplars(),
    }
}

fn exemplars() -> Exemplars {
    let mut exemplars = Exemplars::new();
    let exemplar = Exemplar {
        trace: TraceId([0x0102_0304_0506_0708, 0x090a_0b0c_0d0e_0f10]),
        span: SpanId(0x0102_0304_0506_0708),
        value: 0.3,
        unix_ns: TIMES.now - 1,
        ticks: 1,
    };
    exemplars.put(2, exemplar);
    exemplars
}

fn expected_exemplars() -> Vec<ProtoExemplar> {
    vec![ProtoExemplar {
        filtered_attributes: vec![],
        time_unix_nano: TIMES.now - 1,
        span_id: (1..=8).collect(),
        trace_id: (1..=16).collect(),
        value: Some(ExemplarValue::AsDouble(0.3)),
    }]
}

#[test]
fn every_field_of_counters_gauges_and_up_down_counters_arrives() {
    let labels = [("function", "pay"), ("outcome", "ok")];
    let integer = |value| point(&labels, PointValue::Integer(value));
    let families = [
        Family {
            metric: FUNCTION_CALLS,
            points: vec![integer(7), integer(u64::MAX)],
        },
        Family {
            metric: FUNCTION_IN_FLIGHT,
            points: vec![integer(2)],
        },
        Family {
            metric: START_TIME,
            points: vec![point(&[], PointValue::Float(1.5))],
        },
        // The resource of the request says it.
        Family {
            metric: TARGET,
            points: vec![integer(1)],
        },
    ];
    let requests = encoded(&families, usize::MAX);
    assert_eq!((requests.len(), requests[0].points), (1, 4));
    let of = |family: &Family<'_>, data| Metric {
        name: family.metric.name.into(),
        description: family.metric.help.into(),
        unit: family.metric.unit.into(),
        metadata: vec![],
        data: Some(data),
    };
    let sum = |data_points, is_monotonic| {
        Data::Sum(Sum {
            data_points,
            aggregation_temporality: 2,
            is_monotonic,
        })
    };
    let int = |value| expected_point(&labels, Number::AsInt(value));
    assert_eq!(
        metrics(&requests[0]),
        [
            of(&families[0], sum(vec![int(7), int(i64::MAX)], true)),
            of(&families[1], sum(vec![int(2)], false)),
            of(
                &families[2],
                Data::Gauge(Gauge {
                    data_points: vec![expected_point(&[], Number::AsDouble(1.5))]
                })
            ),
        ]
    );
}

#[test]
fn every_field_of_an_exponential_histogram_arrives() {
    let durations = durations();
    let labels = [("function", "pay"), ("module", "shop")];
    let family = Family {
        metric: FUNCTION_DURATION,
        points: vec![point(&labels, PointValue::Histogram(&durations))],
    };
    let expected = ExponentialHistogramDataPoint {
        attributes: vec![
            key_value("function", text("pay")),
            key_value("module", text("shop")),
        ],
        start_time_unix_nano: TIMES.start,
        time_unix_nano: TIMES.now,
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
        exemplars: expected_exemplars(),
        min: None,
        max: None,
        zero_threshold: 1.0 / f64::from(1 << 26),
    };
    let metrics = metrics(&encoded(&[family], usize::MAX)[0]);
    assert_eq!(metrics.len(), 1);
    assert_eq!(
        (metrics[0].name.as_str(), metrics[0].unit.as_str()),
        ("function.calls.duration", "s")
    );
    assert_eq!(
        metrics[0].data,
        Some(Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![expected],
            aggregation_temporality: 2,
        }))
    );
}

#[test]
fn every_field_of_an_explicit_histogram_arrives_and_attributes_keep_their_types() {
    let values = Explicit {
        upper: &[0.005, 0.01],
        counts: vec![1, 0, 2],
        sum: 4.5,
        exemplars: exemplars(),
    };
    let point = |labels| Point {
        labels,
        value: PointValue::Explicit(values.clone()),
    };
    let family = Family {
        metric: HTTP_SERVER_DURATION,
        points: vec![
            point(vec![("http.response.status_code".into(), 503_i64.into())]),
            point(vec![("otel.metric.overflow".into(), true.into())]),
        ],
    };
    let expected = |key, value| HistogramDataPoint {
        attributes: vec![key_value(key, any(value))],
        start_time_unix_nano: TIMES.start,
        time_unix_nano: TIMES.now,
        count: 3,
        sum: Some(4.5),
        bucket_counts: vec![1, 0, 2],
        explicit_bounds: vec![0.005, 0.01],
        exemplars: expected_exemplars(),
        flags: 0,
        min: None,
        max: None,
    };
    let metrics = metrics(&encoded(&[family], usize::MAX)[0]);
    assert_eq!(metrics[0].name, "http.server.request.duration");
    assert_eq!(
        metrics[0].data,
        Some(Data::Histogram(Histogram {
            data_points: vec![
                expected("http.response.status_code", AnyKind::IntValue(503)),
                expected("otel.metric.overflow", AnyKind::BoolValue(true)),
            ],
            aggregation_temporality: 2,
        }))
    );
}

#[test]
fn nothing_to_say_is_no_request() {
    let empty = Family {
        metric: FUNCTION_CALLS,
        points: vec![],
    };
    assert!(encoded(&[], usize::MAX).is_empty());
    assert!(encoded(&[empty], usize::MAX).is_empty());
}

#[test]
fn what_is_too_large_for_one_request_goes_in_several_and_every_point_once() {
    const MAX: usize = 2_000;
    let durations = durations();
    let names: Vec<String> = (0..100).map(|i| format!("f{i}")).collect();
    let points = |value: fn(usize) -> u64| {
        let points = names.iter().enumerate();
        points
            .map(|(i, name)| point(&[("function", name)], PointValue::Integer(value(i))))
            .collect()
    };
    let histograms = names
        .iter()
        .map(|name| point(&[("function", name)], PointValue::Histogram(&durations)));
    let families = [
        Family {
            metric: FUNCTION_CALLS,
            points: points(|i| i as u64),
        },
        Family {
            metric: FUNCTION_DURATION,
            points: histograms.collect(),
        },
    ];
    let requests = encoded(&families, MAX);
    assert!(requests.iter().all(|r| r.body.len() <= MAX));
    assert_eq!(requests.iter().map(|r| r.points).sum::<u64>(), 200);
    let mut values = Vec::new();
    for metric in requests.iter().flat_map(metrics) {
        if let Some(Data::Sum(sum)) = metric.data {
            values.extend(sum.data_points.iter().map(|p| p.value));
        }
    }
    let expected: Vec<_> = (0..100).map(|i| Some(Number::AsInt(i))).collect();
    assert_eq!(values, expected);
    // A point alone goes whatever its size.
    assert_eq!(encoded(&families, 1).len(), 200);
}

#[test]
fn what_the_metrics_page_shows_is_pushed_as_well() {
    let snapshot = snapshot();
    let requests = encoded(&families(&snapshot), usize::MAX);
    let metrics = metrics(&requests[0]);
    let has = |name: &str| metrics.iter().any(|metric| metric.name == name);
    assert!(has("tracer.records") && has("tracer.records.dropped"));
    assert!(has("process.cpu.time") || !cfg!(target_os = "linux"));
    assert!(!has("target") && !has("tracer.build"));
}
