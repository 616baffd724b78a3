//! The metrics that Kitex' Prometheus extension has.

use std::borrow::Cow;

use super::Compatible;
use super::calls;
use super::key::Key;
use super::merge::{histograms, latencies, sums};
use super::registry::{Lazy, Registry};
use crate::callsite::SpanKind;
use crate::metrics::explicit::Bounds;
use crate::metrics::family::Family;
use crate::metrics::label::Labels;
use crate::metrics::names;
use crate::record::CallOutcome;
use crate::rpc::Tracer;
use crate::rpc::info::{OTHER, RpcInfo, StreamingMode};

/// In microseconds: those of Kitex from 5 ms on, and finer ones below.
const MICROSECONDS: &[f64] = &[
    50.0,
    100.0,
    250.0,
    500.0,
    1_000.0,
    2_500.0,
    5_000.0,
    10_000.0,
    25_000.0,
    50_000.0,
    100_000.0,
    250_000.0,
    500_000.0,
    1_000_000.0,
];

/// More attempts than that are counted as this many.
const MAX_RETRY: u32 = 10;

static SERVER: Lazy = Lazy::new(None);
static CLIENT: Lazy = Lazy::new(None);

#[doc = include_str!("../kitex.md")]
#[derive(Debug, Clone, Default)]
#[must_use = "pass it to `with_tracer`"]
pub struct KitexMetrics {
    boundaries: Vec<f64>,
}

/// Counts calls under the names and labels of Kitex' Prometheus extension; see [`KitexMetrics`].
///
/// ```
/// use tracer_runtime::rpc;
///
/// let builder = tracer_runtime::builder().with_tracer(rpc::kitex_metrics());
/// # drop(builder);
/// ```
pub fn kitex_metrics() -> KitexMetrics {
    KitexMetrics::default()
}

impl KitexMetrics {
    /// Upper bounds of the buckets, in microseconds, in any order; what is no positive number is left out. None of them
    /// leaves the default. They are those of all calls: to install two with different ones is an error of `init`.
    ///
    /// ```
    /// let metrics = tracer_runtime::rpc::kitex_metrics().with_boundaries(&[100.0, 1_000.0, 10_000.0]);
    /// # drop(metrics);
    /// ```
    pub fn with_boundaries(mut self, microseconds: &[f64]) -> Self {
        let usable = microseconds.iter().copied();
        self.boundaries = usable.filter(|us| us.is_finite() && *us > 0.0).collect();
        self.boundaries.sort_by(f64::total_cmp);
        self.boundaries.dedup();
        self
    }

    /// In microseconds.
    fn upper(&self) -> &[f64] {
        match self.boundaries.as_slice() {
            [] => MICROSECONDS,
            chosen => chosen,
        }
    }

    /// Where two of them would count in one family with different boundaries: the one too many, and what is wrong with it.
    pub(crate) fn conflict<'a>(
        mut all: impl Iterator<Item = &'a Self>,
    ) -> Option<(String, String)> {
        let first = all.next()?;
        let other = all.find(|other| other.upper() != first.upper())?;
        let families = [names::KITEX_SERVER_LATENCY, names::KITEX_CLIENT_LATENCY];
        let families = families.map(|metric| metric.name).join(" and ");
        let other = format!("kitex_metrics().with_boundaries(&{:?})", other.upper());
        let problem = format!(
            "{families} have the boundaries {:?} already; install `kitex_metrics` once, or with the same ones",
            first.upper()
        );
        Some((other, problem))
    }

    /// Bounds of a registry; those of the user are kept for good, once a registry.
    fn bounds(&self) -> Bounds {
        let upper = match self.boundaries.as_slice() {
            [] => MICROSECONDS,
            chosen => Box::leak(chosen.into()),
        };
        Bounds {
            upper,
            per_unit: 1.0,
        }
    }
}

impl Tracer for KitexMetrics {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        if !rpc.0.counted.claim(Compatible::Kitex) {
            return;
        }
        let side = match rpc.kind() {
            SpanKind::Client => &CLIENT,
            _ => &SERVER,
        };
        if let Some(registry) = side.get_with(|| Some(self.bounds())) {
            count(registry, rpc);
        }
    }
}

fn count(registry: &Registry, rpc: &RpcInfo) {
    let key = key(rpc);
    let us = u64::try_from(rpc.stats().cost().as_micros());
    registry.series(&key).record(us.unwrap_or(u64::MAX));
}

fn key(rpc: &RpcInfo) -> Key<'_> {
    let or_unknown = |text| match text {
        "" => "unknown",
        text => text,
    };
    let called = rpc.invocation();
    let kind = match called.streaming() {
        StreamingMode::Unary => "unary",
        StreamingMode::Client => "client_streaming",
        StreamingMode::Server => "server_streaming",
        StreamingMode::Bidirectional => "bidi_streaming",
    };
    // A business status is no failure, a call that nobody waited for is.
    let succeed = rpc.stats().outcome() == Some(CallOutcome::Ok);
    let key = Key::new([
        kind,
        or_unknown(rpc.from().service_name()),
        or_unknown(rpc.to().service_name()),
        or_unknown(method(rpc)),
        if succeed { "succeed" } else { "error" },
    ]);
    match rpc.kind() {
        SpanKind::Client => key.with_number(called.attempt().min(MAX_RETRY)),
        _ => key,
    }
}

/// What was called, by its own name; of HTTP the route.
fn method(rpc: &RpcInfo) -> &str {
    match (calls::method(rpc), rpc.to().method()) {
        ([.., OTHER], _) => OTHER,
        ([.., ""], "") => rpc.route().unwrap_or_default(),
        ([.., method], "") => method,
        (_, said) => said,
    }
}

/// What clients and servers have counted.
pub(super) fn families() -> Vec<Family<'static>> {
    let sides = [
        (
            &SERVER,
            names::KITEX_SERVER_THROUGHPUT,
            names::KITEX_SERVER_LATENCY,
        ),
        (
            &CLIENT,
            names::KITEX_CLIENT_THROUGHPUT,
            names::KITEX_CLIENT_LATENCY,
        ),
    ];
    let of_side = |(side, throughput, latency): (&Lazy, _, _)| {
        let latencies = latencies(&side.all(), labels_of);
        let counts: Vec<_> = latencies
            .iter()
            .map(|(labels, all)| (labels.clone(), all.count()))
            .collect();
        [sums(throughput, counts), histograms(latency, latencies)]
    };
    sides.into_iter().flat_map(of_side).collect()
}

#[cfg(test)]
pub(super) fn bounds_of(metrics: &KitexMetrics) -> &'static [f64] {
    metrics.bounds().upper
}

fn labels_of(key: &Key<'static>) -> Labels<'static> {
    let [kind, caller, callee, method, status] = key.texts();
    let retry: Cow<'static, str> = match key.number {
        0 => "0".into(),
        attempts => attempts.to_string().into(),
    };
    vec![
        ("type".into(), kind.into()),
        ("caller".into(), caller.into()),
        ("callee".into(), callee.into()),
        ("method".into(), method.into()),
        ("status".into(), status.into()),
        ("retry".into(), retry.into()),
    ]
}
