//! What the semantic conventions ask calls to count, and what was sent and received.
//!
//! <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/>,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>

mod families;
mod keys;
mod quick;

use std::sync::OnceLock;

pub(super) use families::families;
pub(super) use keys::method;

use super::Options;
use super::key::Key;
use super::registry::{Lazy, Series};
use crate::callsite::SpanKind;
use crate::metrics::exemplars::Exemplar;
use crate::metrics::explicit::Bounds;
use crate::metrics::names::{self, Metric};
use crate::record::CallOutcome;
use crate::rpc::info::{RpcInfo, RpcStatus};

/// Those that the conventions advise, of nanoseconds as seconds.
const SECONDS: Bounds = Bounds {
    upper: &[
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ],
    per_unit: 1e9,
};
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

/// The series of calls that are described as one, found once for all of them.
#[derive(Debug, Default)]
pub(in crate::rpc) struct OfKnown {
    active: OnceLock<&'static Series>,
    /// Of those that went well.
    went_well: OnceLock<&'static Series>,
}

impl OfKnown {
    #[cold]
    fn first(place: &OnceLock<&'static Series>, series: &'static Series) -> &'static Series {
        // The one of all the rest is not theirs for ever.
        if series.key().is_some() {
            let _ = place.set(series);
        }
        series
    }
}

/// Whether nothing but its description tells which series a call of gRPC belongs to.
fn went_as_usual(info: &RpcInfo) -> bool {
    info.stats().outcome() == Some(CallOutcome::Ok)
        && info.status() == Some(RpcStatus::Grpc(0))
        && info.0.late.method().is_none()
}

/// Messages and bytes sent, messages and bytes received.
fn traffic_of(info: &RpcInfo) -> [u64; 4] {
    let stats = info.stats();
    [
        stats.messages_sent(),
        stats.send_size(),
        stats.messages_received(),
        stats.recv_size(),
    ]
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

/// A call has started; the series that it is active in.
pub(super) fn started(info: &RpcInfo) -> Option<&'static Series> {
    let known = info.0.plan.series().and_then(|known| known.active.get());
    let active = match known {
        Some(active) => active,
        None => find_active(info)?,
    };
    active.enter();
    Some(active)
}

#[inline(never)]
fn find_active(info: &RpcInfo) -> Option<&'static Series> {
    let registry = side(info).active.get()?;
    let find = || registry.series(&keys::active(info));
    Some(match info.0.plan.series() {
        Some(known) => OfKnown::first(&known.active, find()),
        None => quick::active(info, find),
    })
}

/// The call that was counted as this one was, after so many nanoseconds, has a span.
pub(super) fn refer(info: &RpcInfo, ns: u64, exemplar: impl FnOnce(f64) -> Exemplar) {
    let side = side(info);
    let series = side
        .calls
        .made()
        .and_then(|made| made.known(&side.key(info)));
    if let Some(latency) = series.and_then(|series| series.latency.as_ref()) {
        latency.refer(ns, exemplar);
    }
}

impl Side {
    /// Of a call that is over.
    fn key<'a>(&self, info: &'a RpcInfo) -> Key<'a> {
        match self.protocol {
            Protocol::Rpc { .. } => keys::rpc(info),
            Protocol::Http { .. } => keys::http(info),
        }
    }
}

/// A call is over, after so many nanoseconds.
pub(super) fn finished(info: &RpcInfo, ns: u64, options: impl FnOnce() -> Options) {
    let known = info.0.plan.series().filter(|_| went_as_usual(info));
    match known.and_then(|known| known.went_well.get()) {
        Some(series) => {
            series.record(ns);
            series.add_traffic(traffic_of(info));
        }
        None => finished_unlike(info, ns, options(), known),
    }
}

/// [`finished`] for the first call that is described like this, and for those that have a description of their own.
#[inline(never)]
fn finished_unlike(info: &RpcInfo, ns: u64, options: Options, known: Option<&OfKnown>) {
    let side = side(info);
    let Some(registry) = side.calls.get() else {
        return;
    };
    let series = registry.series(&side.key(info));
    series.record(ns);
    match side.protocol {
        Protocol::Rpc { .. } => {
            series.add_traffic(traffic_of(info));
            if let Some(known) = known {
                OfKnown::first(&known.went_well, series);
            }
        }
        Protocol::Http { .. } => {
            let stats = info.stats();
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
