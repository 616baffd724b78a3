//! What the semantic conventions ask calls to count, and what was sent and received.
//!
//! <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/>,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>

use std::borrow::Cow;

use super::Options;
use super::key::Key;
use super::merge::{self, histograms, labels, latencies, sums};
use super::registry::{Lazy, Series};
use crate::callsite::SpanKind;
use crate::metrics::explicit::{Bounds, Explicit};
use crate::metrics::family::Family;
use crate::metrics::label::Labels;
use crate::metrics::names::{self, Metric};
use crate::record::CallOutcome;
use crate::rpc::attributes::host_and_port;
use crate::rpc::info::{OTHER, RpcInfo, RpcStatus, full_method};

/// Those that the conventions advise, of nanoseconds as seconds.
const SECONDS: Bounds = Bounds {
    upper: &[
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ],
    per_unit: 1e9,
};
/// The same in milliseconds, and 0, as the SDKs had them for the older names.
const MILLISECONDS: &[f64] = &[
    0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0,
    7_500.0, 10_000.0,
];
/// The conventions advise none for sizes: from 64 B to 64 MiB, four times the last.
const BYTES: Bounds = Bounds {
    upper: &[
        64.0,
        256.0,
        1_024.0,
        4_096.0,
        16_384.0,
        65_536.0,
        262_144.0,
        1_048_576.0,
        4_194_304.0,
        16_777_216.0,
        67_108_864.0,
    ],
    per_unit: 1.0,
};

/// What one side of a protocol counts.
struct Side {
    kind: SpanKind,
    calls: Lazy,
    active: Lazy,
    duration: &'static Metric,
    active_now: &'static Metric,
    protocol: Protocol,
}

/// What only one of the protocols counts.
enum Protocol {
    Rpc {
        old_duration: &'static Metric,
        /// Messages and bytes sent, messages and bytes received.
        traffic: [&'static Metric; 4],
    },
    Http {
        /// Of the request and of the answer.
        sizes: [&'static Metric; 2],
    },
}

static RPC_SERVER: Side = Side {
    kind: SpanKind::Server,
    calls: Lazy::new(Some(SECONDS)),
    active: Lazy::new(None),
    duration: names::RPC_SERVER_DURATION,
    active_now: names::RPC_SERVER_ACTIVE,
    protocol: Protocol::Rpc {
        old_duration: names::OLD_RPC_SERVER_DURATION,
        traffic: [
            names::RPC_SERVER_SENT_MESSAGES,
            names::RPC_SERVER_SENT_BYTES,
            names::RPC_SERVER_RECEIVED_MESSAGES,
            names::RPC_SERVER_RECEIVED_BYTES,
        ],
    },
};
static RPC_CLIENT: Side = Side {
    kind: SpanKind::Client,
    calls: Lazy::new(Some(SECONDS)),
    active: Lazy::new(None),
    duration: names::RPC_CLIENT_DURATION,
    active_now: names::RPC_CLIENT_ACTIVE,
    protocol: Protocol::Rpc {
        old_duration: names::OLD_RPC_CLIENT_DURATION,
        traffic: [
            names::RPC_CLIENT_SENT_MESSAGES,
            names::RPC_CLIENT_SENT_BYTES,
            names::RPC_CLIENT_RECEIVED_MESSAGES,
            names::RPC_CLIENT_RECEIVED_BYTES,
        ],
    },
};
static HTTP_SERVER: Side = Side {
    kind: SpanKind::Server,
    calls: Lazy::new(Some(SECONDS)),
    active: Lazy::new(None),
    duration: names::HTTP_SERVER_DURATION,
    active_now: names::HTTP_SERVER_ACTIVE,
    protocol: Protocol::Http {
        sizes: [
            names::HTTP_SERVER_REQUEST_SIZE,
            names::HTTP_SERVER_RESPONSE_SIZE,
        ],
    },
};
static HTTP_CLIENT: Side = Side {
    kind: SpanKind::Client,
    calls: Lazy::new(Some(SECONDS)),
    active: Lazy::new(None),
    duration: names::HTTP_CLIENT_DURATION,
    active_now: names::HTTP_CLIENT_ACTIVE,
    protocol: Protocol::Http {
        sizes: [
            names::HTTP_CLIENT_REQUEST_SIZE,
            names::HTTP_CLIENT_RESPONSE_SIZE,
        ],
    },
};

fn side(info: &RpcInfo) -> &'static Side {
    match (is_http(info), info.kind()) {
        (false, SpanKind::Client) => &RPC_CLIENT,
        (false, _) => &RPC_SERVER,
        (true, SpanKind::Client) => &HTTP_CLIENT,
        (true, _) => &HTTP_SERVER,
    }
}

/// There is no RPC system above it.
pub(super) fn is_http(info: &RpcInfo) -> bool {
    info.system() == "http"
}

/// A call has started. By what was known before it, as that is all that will be known of it at its end for certain.
pub(super) fn started(info: &RpcInfo) -> Option<&'static Series> {
    let side = side(info);
    let address = match side.kind {
        SpanKind::Client => info.to().address(),
        _ => "",
    };
    let key = match side.protocol {
        Protocol::Rpc { .. } => Key::new([info.system(), "", address]),
        Protocol::Http { .. } => {
            let (method, scheme) = http_request(info);
            Key::new([method, scheme, address])
        }
    };
    let active = side.active.get()?.series(&key);
    active.enter();
    Some(active)
}

/// A call is over, after so many nanoseconds.
pub(super) fn finished(info: &RpcInfo, ns: u64, options: Options) {
    let side = side(info);
    let Some(registry) = side.calls.get() else {
        return;
    };
    let stats = info.stats();
    match side.protocol {
        Protocol::Rpc { .. } => {
            let series = registry.series(&rpc_key(info));
            series.record(ns);
            series.add_traffic([
                stats.messages_sent(),
                stats.send_size(),
                stats.messages_received(),
                stats.recv_size(),
            ]);
        }
        Protocol::Http { .. } => {
            let series = registry.series(&http_key(info));
            series.record(ns);
            if options.body_sizes
                && let Some([request, response]) = series.make_sizes(BYTES)
            {
                let (sent, received) = (stats.send_size(), stats.recv_size());
                let (asked, answered) = match side.kind {
                    SpanKind::Client => (sent, received),
                    _ => (received, sent),
                };
                request.record(asked);
                response.record(answered);
            }
        }
    }
}

fn rpc_key(info: &RpcInfo) -> Key<'_> {
    let [package, service, method] = method(info);
    let (address, [peer, namespace]) = other_side(info);
    Key::new([
        info.system(),
        package,
        service,
        method,
        error_type(info),
        address,
        peer,
        namespace,
    ])
    .with_status(info.status())
}

fn http_key(info: &RpcInfo) -> Key<'_> {
    let (method, scheme) = http_request(info);
    let http = info.0.plan.http.as_ref();
    let version = http.map_or("", |request| &request.version);
    let route = match info.kind() {
        SpanKind::Client => "",
        _ => info.route().unwrap_or_default(),
    };
    let (address, [peer, namespace]) = other_side(info);
    Key::new([
        method,
        scheme,
        route,
        version,
        error_type(info),
        address,
        peer,
        namespace,
    ])
    .with_status(info.status())
}

/// Package, service and method; a method that does not exist has none of its own.
pub(super) fn method(info: &RpcInfo) -> [&str; 3] {
    let called = info.invocation();
    match called.method() {
        OTHER => ["", "", OTHER],
        method => [called.package(), called.service(), method],
    }
}

/// The method and, on a server, the scheme.
fn http_request(info: &RpcInfo) -> (&str, &str) {
    let Some(request) = &info.0.plan.http else {
        return (OTHER, "");
    };
    match info.kind() {
        SpanKind::Client => (&request.method, ""),
        _ => (&request.method, &request.scheme),
    }
}

/// The address that a client has asked for, and the name and namespace of the service on the other side.
fn other_side(info: &RpcInfo) -> (&str, [&str; 2]) {
    let (address, other) = match info.kind() {
        SpanKind::Client => (info.to().address(), info.to()),
        _ => ("", info.from()),
    };
    (address, [other.service_name(), other.namespace()])
}

/// `error.type`. A cancelled call has one only where nothing else tells it from one that went well: a gRPC call has a
/// status, and an HTTP client that gives up sees none.
fn error_type(info: &RpcInfo) -> &str {
    let stats = info.stats();
    match stats.outcome() {
        None | Some(CallOutcome::Ok) => "",
        Some(CallOutcome::Panic) => "panic",
        Some(CallOutcome::Error) => {
            let known = stats.error().map_or("", |failure| &failure.error_type);
            if known.is_empty() { OTHER } else { known }
        }
        Some(CallOutcome::Cancelled) => {
            let tells = info.status().is_some()
                || (is_http(info) && matches!(info.kind(), SpanKind::Client));
            if tells { "" } else { "cancelled" }
        }
    }
}

/// Everything that calls have counted.
pub(super) fn families(options: Options) -> Vec<Family<'static>> {
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
