//! From a reading of the metric cells to the protocol's metrics, all of them cumulative.

use opentelemetry_proto::tonic::common::v1::KeyValue as ProtoKeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint, Metric,
    NumberDataPoint, Sum,
};
use prost::bytes::Bytes;

use super::encode_common::{Envelope, key_value, put_item, text};
use super::metrics_input::{FunctionSeries, SCALE, Snapshot, ZERO_THRESHOLD};
use crate::export::own_series::OwnSeries;
use crate::record::CallOutcome;

/// A request of metrics, and how many data points are in it.
#[derive(Debug)]
pub(super) struct EncodedMetrics {
    pub(super) body: Bytes,
    pub(super) points: u64,
}

/// Everything, in as many requests as it takes to keep each within so many bytes.
pub(super) fn encode(
    snapshot: &Snapshot,
    own: &[OwnSeries],
    envelope: &Envelope,
    max_bytes: usize,
) -> Vec<EncodedMetrics> {
    let times = Times {
        start: snapshot.start_unix_ns,
        now: snapshot.unix_ns,
    };
    let mut requests = Vec::new();
    let own: Vec<Metric> = own.iter().map(|series| own_metric(series, times)).collect();
    requests.extend(request(&own, envelope));
    // Halves of what is too large, until nothing is; one function alone never is.
    let mut parts = vec![snapshot.functions.as_slice()];
    while let Some(part) = parts.pop() {
        let metrics = function_metrics(part, times);
        match request(&metrics, envelope) {
            Some(large) if large.body.len() > max_bytes && part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
            fitting => requests.extend(fitting),
        }
    }
    requests
}

fn request(metrics: &[Metric], envelope: &Envelope) -> Option<EncodedMetrics> {
    let points = metrics.iter().map(points).sum();
    if points == 0 {
        return None;
    }
    let mut items = Vec::new();
    for metric in metrics {
        put_item(&[], metric, &mut items);
    }
    Some(EncodedMetrics {
        body: envelope.wrap(&items),
        points,
    })
}

fn points(metric: &Metric) -> u64 {
    let points = match &metric.data {
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        _ => 0,
    };
    points as u64
}

#[derive(Debug, Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

fn function_metrics(functions: &[FunctionSeries], times: Times) -> Vec<Metric> {
    if functions.is_empty() {
        return Vec::new();
    }
    let calls = functions.iter().flat_map(|f| {
        CallOutcome::ALL.map(|outcome| {
            let mut attributes = labels(f);
            attributes.push(key_value("outcome", text(outcome.as_str())));
            number(attributes, f.outcomes[outcome as usize], times)
        })
    });
    let in_flight = functions
        .iter()
        .map(|f| number(labels(f), f.in_flight(), times));
    let durations = functions.iter().map(|f| duration(f, times));
    vec![
        metric(
            "function.calls",
            "{call}",
            "Calls that have ended, by outcome",
            sum(calls.collect(), true),
        ),
        metric(
            "function.calls.duration",
            "s",
            "How long the calls took",
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: durations.collect(),
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
            }),
        ),
        metric(
            "function.calls.in_flight",
            "{call}",
            "Calls that have begun and not ended",
            sum(in_flight.collect(), false),
        ),
    ]
}

fn own_metric(series: &OwnSeries, times: Times) -> Metric {
    let points = series.points.iter().map(|(value, count)| {
        let attribute = series.key.map(|key| key_value(key, text(value)));
        number(attribute.into_iter().collect(), *count, times)
    });
    metric(
        series.name,
        series.unit,
        series.description,
        sum(points.collect(), true),
    )
}

fn metric(name: &str, unit: &str, description: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        description: description.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Default::default()
    }
}

fn sum(data_points: Vec<NumberDataPoint>, is_monotonic: bool) -> Data {
    Data::Sum(Sum {
        data_points,
        aggregation_temporality: AggregationTemporality::Cumulative.into(),
        is_monotonic,
    })
}

fn labels(series: &FunctionSeries) -> Vec<ProtoKeyValue> {
    vec![
        key_value("function", text(series.function)),
        key_value("module", text(series.module)),
    ]
}

fn number(attributes: Vec<ProtoKeyValue>, value: u64, times: Times) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        value: Some(Number::AsInt(i64::try_from(value).unwrap_or(i64::MAX))),
        ..Default::default()
    }
}

/// Our buckets are the protocol's: bucket `i` is `(2^(i/8), 2^((i+1)/8)]` at scale 3.
fn duration(series: &FunctionSeries, times: Times) -> ExponentialHistogramDataPoint {
    let durations = &series.durations;
    ExponentialHistogramDataPoint {
        attributes: labels(series),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: durations.count(),
        sum: Some(durations.sum),
        scale: SCALE,
        zero_count: durations.zero_count,
        zero_threshold: ZERO_THRESHOLD,
        positive: Some(Buckets {
            offset: durations.offset,
            bucket_counts: durations.counts.clone(),
        }),
        ..Default::default()
    }
}

#[cfg(test)]
#[path = "encode_metrics_tests.rs"]
mod tests;
