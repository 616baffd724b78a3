//! From a reading of our metrics to the protocol's, all of them cumulative.

use opentelemetry_proto::tonic::common::v1::KeyValue as ProtoKeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::metrics::v1::exemplar::Value as ExemplarValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar as ProtoExemplar, ExponentialHistogram,
    ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    Sum,
};
use prost::Message;
use prost::bytes::Bytes;

use super::encode_common::{Envelope, any, key_value, put_item, text};
use crate::metrics::exemplars::Exemplars;
use crate::metrics::explicit::Explicit;
use crate::metrics::label::Label;
use crate::metrics::{Exponential, Family, Kind, Point, PointValue, SCALE, ZERO_THRESHOLD};

/// A request of metrics, and how many data points are in it.
#[derive(Debug)]
pub(super) struct EncodedMetrics {
    pub(super) body: Bytes,
    pub(super) points: u64,
}

/// Of all points, in nanoseconds since the epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Since when everything counts.
    pub(super) start: u64,
    /// Of the reading.
    pub(super) now: u64,
}

/// Everything, in as many requests as it takes to keep each within so many bytes; a point alone always goes.
pub(super) fn encode(
    families: &[Family<'_>],
    times: Times,
    envelope: &Envelope,
    max_bytes: usize,
) -> Vec<EncodedMetrics> {
    let mut packer = Packer {
        envelope,
        max_bytes,
        ready: Vec::new(),
        items: Vec::new(),
        points: 0,
    };
    for family in families.iter().filter(|f| f.metric.kind != Kind::Info) {
        packer.add(family, times);
    }
    packer.close();
    packer.ready
}

struct Packer<'a> {
    envelope: &'a Envelope,
    max_bytes: usize,
    ready: Vec<EncodedMetrics>,
    /// Encoded metrics of the request that is being filled.
    items: Vec<u8>,
    points: u64,
}

impl Packer<'_> {
    /// The whole family where it fits, else its halves; a cumulative metric may be split by its points.
    fn add(&mut self, family: &Family<'_>, times: Times) {
        let mut parts = vec![family.points.as_slice()];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let metric = metric(family, part, times);
            let len = self.items.len() + metric.encoded_len() + ITEM_HEADER;
            let fits = self.envelope.wrapped_len(len) <= self.max_bytes;
            if !fits && part.len() > 1 {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
                continue;
            }
            if !fits {
                self.close();
            }
            put_item(&[], &metric, &mut self.items);
            self.points += part.len() as u64;
        }
    }

    fn close(&mut self) {
        if self.points > 0 {
            self.ready.push(EncodedMetrics {
                body: self.envelope.wrap(&self.items),
                points: self.points,
            });
            self.items.clear();
            self.points = 0;
        }
    }
}

/// The key of an item and its length, at most.
const ITEM_HEADER: usize = 1 + 10;

fn metric(family: &Family<'_>, points: &[Point<'_>], times: Times) -> Metric {
    let of = family.metric;
    let numbers = || points.iter().filter_map(|p| number(p, times)).collect();
    let data = match of.kind {
        Kind::Counter => sum(numbers(), true),
        Kind::UpDownCounter => sum(numbers(), false),
        Kind::Gauge | Kind::Info => Data::Gauge(Gauge {
            data_points: numbers(),
        }),
        Kind::Histogram
            if points
                .iter()
                .all(|p| matches!(p.value, PointValue::Explicit(_))) =>
        {
            Data::Histogram(Histogram {
                data_points: points.iter().filter_map(|p| explicit(p, times)).collect(),
                aggregation_temporality: AggregationTemporality::Cumulative.into(),
            })
        }
        Kind::Histogram => Data::ExponentialHistogram(ExponentialHistogram {
            data_points: points.iter().filter_map(|p| histogram(p, times)).collect(),
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
        }),
    };
    Metric {
        name: of.name.to_owned(),
        description: of.help.to_owned(),
        unit: of.unit.to_owned(),
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

fn attributes(point: &Point<'_>) -> Vec<ProtoKeyValue> {
    let labels = point.labels.iter();
    labels
        .map(|(key, value)| {
            let value = match value {
                Label::Text(value) => text(value),
                Label::Integer(n) => any(AnyKind::IntValue(*n)),
                Label::Flag(flag) => any(AnyKind::BoolValue(*flag)),
            };
            key_value(key, value)
        })
        .collect()
}

fn number(point: &Point<'_>, times: Times) -> Option<NumberDataPoint> {
    let value = match point.value {
        PointValue::Integer(n) => Number::AsInt(i64::try_from(n).unwrap_or(i64::MAX)),
        PointValue::Float(x) => Number::AsDouble(x),
        PointValue::Histogram(_) | PointValue::Explicit(_) => return None,
    };
    Some(NumberDataPoint {
        attributes: attributes(point),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        value: Some(value),
        ..Default::default()
    })
}

/// Our buckets are the protocol's: bucket `i` is `(2^(i/8), 2^((i+1)/8)]` at scale 3.
fn histogram(point: &Point<'_>, times: Times) -> Option<ExponentialHistogramDataPoint> {
    let PointValue::Histogram(values) = point.value else {
        return None;
    };
    let Exponential {
        sum,
        zero_count,
        offset,
        counts,
        exemplars,
    } = values;
    Some(ExponentialHistogramDataPoint {
        attributes: attributes(point),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: values.count(),
        sum: Some(*sum),
        scale: SCALE,
        zero_count: *zero_count,
        zero_threshold: ZERO_THRESHOLD,
        positive: Some(Buckets {
            offset: *offset,
            bucket_counts: counts.clone(),
        }),
        exemplars: references(exemplars),
        ..Default::default()
    })
}

fn explicit(point: &Point<'_>, times: Times) -> Option<HistogramDataPoint> {
    let PointValue::Explicit(values) = &point.value else {
        return None;
    };
    let Explicit {
        upper,
        counts,
        sum,
        exemplars,
    } = values;
    Some(HistogramDataPoint {
        attributes: attributes(point),
        start_time_unix_nano: times.start,
        time_unix_nano: times.now,
        count: values.count(),
        sum: Some(*sum),
        bucket_counts: counts.clone(),
        explicit_bounds: upper.to_vec(),
        exemplars: references(exemplars),
        ..Default::default()
    })
}

fn references(exemplars: &Exemplars) -> Vec<ProtoExemplar> {
    let of = exemplars.iter();
    of.map(|exemplar| ProtoExemplar {
        filtered_attributes: Vec::new(),
        time_unix_nano: exemplar.unix_ns,
        span_id: exemplar.span.to_bytes().to_vec(),
        trace_id: exemplar.trace.to_bytes().to_vec(),
        value: Some(ExemplarValue::AsDouble(exemplar.value)),
    })
    .collect()
}

#[cfg(test)]
#[path = "encode_metrics_tests.rs"]
mod tests;
