//! What calls have counted, under the names and attributes of the conventions.

use std::borrow::Cow;

use super::super::Options;
use super::super::key::Key;
use super::super::merge::{self, histograms, labels, latencies, sums};
use super::super::registry::Series;
use super::{HTTP_CLIENT, HTTP_SERVER, Protocol, RPC_CLIENT, RPC_SERVER, Side};
use crate::metrics::exemplars::Exemplars;
use crate::metrics::explicit::Explicit;
use crate::metrics::family::Family;
use crate::metrics::label::Labels;
use crate::metrics::names::Metric;
use crate::rpc::attributes::host_and_port;
use crate::rpc::info::{RpcStatus, full_method};

/// The same in milliseconds, and 0, as the SDKs had them for the older names.
const MILLISECONDS: &[f64] = &[
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0,
    7_500.0, 10_000.0,
];
/// Everything that calls have counted.
pub(in crate::rpc::metrics) fn families(options: Options) -> Vec<Family<'static>> {
    let sides = [&RPC_SERVER, &RPC_CLIENT, &HTTP_SERVER, &HTTP_CLIENT];
    sides
        .into_iter()
        .flat_map(|side| side.families(options))
        .collect()
}

impl Side {
    fn families(&self, options: Options) -> Vec<Family<'static>> {
        let (calls, active) = (self.calls.all(), self.active.all());
        let active = active.into_iter().map(|series| {
            let of_key = |key: &Key<'static>| self.active_labels(key);
            (labels(series, of_key), series.active())
        });
        let of_key = |key: &Key<'static>| self.labels(key);
        let mut families = vec![
            histograms(self.duration, latencies(&calls, of_key)),
            sums(self.active_now, active),
        ];
        match &self.protocol {
            Protocol::Rpc {
                old_duration,
                traffic,
            } => {
                if options.old_durations {
                    let old = latencies(&calls, old_labels);
                    let old = old.into_iter().map(|(labels, all)| (labels, in_ms(all)));
                    families.push(histograms(old_duration, old));
                }
                families.extend(traffic_of(&calls, *traffic));
            }
            Protocol::Http { sizes } => {
                families.extend([0, 1].map(|which| {
                    let with_sizes = calls.iter().filter_map(|series| {
                        let sizes = series.sizes()?;
                        Some((labels(series, of_key), sizes[which].read()))
                    });
                    histograms(sizes[which], with_sizes)
                }));
            }
        }
        families
    }

    fn labels(&self, key: &Key<'static>) -> Labels<'static> {
        let mut all = Attributes::default();
        match self.protocol {
            Protocol::Rpc { .. } => {
                let [system, _, _, _, error_type, ..] = key.texts::<8>();
                all.text("rpc.system.name", system);
                all.method(key);
                if let Some(status) = key.status {
                    all.text("rpc.response.status_code", status.as_text());
                }
                all.text("error.type", error_type);
            }
            Protocol::Http { .. } => {
                let [method, scheme, route, version, error_type, ..] = key.texts::<8>();
                all.text("http.request.method", method);
                all.text("url.scheme", scheme);
                all.text("http.route", route);
                match key.status {
                    Some(RpcStatus::Http(code)) => {
                        all.number("http.response.status_code", code.into());
                    }
                    Some(status) => all.text("rpc.response.status_code", status.as_text()),
                    None => {}
                }
                all.text("error.type", error_type);
                all.text("network.protocol.version", version);
            }
        }
        all.other_side(key);
        all.0
    }

    fn active_labels(&self, key: &Key<'static>) -> Labels<'static> {
        let [first, second, address] = key.texts();
        let mut all = Attributes::default();
        match self.protocol {
            Protocol::Rpc { .. } => all.text("rpc.system.name", first),
            Protocol::Http { .. } => {
                all.text("http.request.method", first);
                all.text("url.scheme", second);
            }
        }
        all.address(address);
        all.0
    }
}

/// What was sent and received, by method: by status it would say little.
fn traffic_of(calls: &[&'static Series], metrics: [&'static Metric; 4]) -> Vec<Family<'static>> {
    let of_key = |key: &Key<'static>| {
        let mut all = Attributes::default();
        let [system, ..] = key.texts::<8>();
        all.text("rpc.system.name", system);
        all.method(key);
        all.other_side(key);
        all.0
    };
    let family = |(which, metric): (usize, &'static Metric)| {
        let sum = |series: &&'static Series| {
            let sum = merge::load(&series.traffic[which]);
            (labels(series, of_key), sum)
        };
        sums(metric, calls.iter().map(sum))
    };
    metrics.into_iter().enumerate().map(family).collect()
}

/// As the conventions had them before.
fn old_labels(key: &Key<'static>) -> Labels<'static> {
    let [system, package, service, method] = key.texts();
    let mut all = Attributes::default();
    all.text("rpc.system", system);
    match (package, service) {
        ("", service) => all.text("rpc.service", service),
        (package, service) => all.text("rpc.service", format!("{package}.{service}")),
    }
    all.text("rpc.method", method);
    if let Some(RpcStatus::Grpc(code)) = key.status {
        all.number("rpc.grpc.status_code", code.into());
    }
    all.0
}

/// The bounds are the same but for the first, 0, which no call is as short as.
fn in_ms(seconds: Explicit) -> Explicit {
    let mut counts = seconds.counts;
    counts.insert(0, 0);
    Explicit {
        upper: MILLISECONDS,
        counts,
        sum: seconds.sum * 1e3,
        // Those of the name that is to stay are enough.
        exemplars: Exemplars::new(),
    }
}

/// Collects attributes; empty texts are none.
#[derive(Default)]
struct Attributes(Labels<'static>);

impl Attributes {
    fn text(&mut self, key: &'static str, value: impl Into<Cow<'static, str>>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((key.into(), value.into()));
        }
    }

    fn number(&mut self, key: &'static str, value: i64) {
        self.0.push((key.into(), value.into()));
    }

    fn method(&mut self, key: &Key<'static>) {
        let [_, package, service, method] = key.texts();
        self.text("rpc.method", full_method(package, service, method));
    }

    fn address(&mut self, address: &'static str) {
        let (host, port) = host_and_port(address);
        self.text("server.address", host);
        if let Some(port) = port {
            self.number("server.port", port.into());
        }
    }

    fn other_side(&mut self, key: &Key<'static>) {
        let [_, _, _, _, _, address, peer, namespace] = key.texts();
        self.address(address);
        self.text("service.peer.name", peer);
        self.text("service.peer.namespace", namespace);
    }
}
