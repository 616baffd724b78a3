//! The metrics that Kratos' middleware has.

use super::Compatible;
use super::calls;
use super::key::Key;
use super::merge::{histograms, labels, latencies, sums};
use super::registry::{Lazy, Registry};
use crate::callsite::SpanKind;
use crate::metrics::explicit::Bounds;
use crate::metrics::family::Family;
use crate::metrics::label::Labels;
use crate::metrics::names;
use crate::record::CallOutcome;
use crate::rpc::Tracer;
use crate::rpc::info::{RpcInfo, RpcStatus, full_method};

/// Those of Kratos.
const SECONDS: Bounds = Bounds {
    upper: &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0],
    per_unit: 1e9,
};

/// The HTTP status that stands for each gRPC code.
const HTTP_OF_GRPC: [u16; 17] = [
    200, 499, 500, 400, 504, 404, 409, 403, 429, 412, 409, 400, 501, 500, 503, 500, 401,
];

static SERVER: Lazy = Lazy::new(Some(SECONDS));
static CLIENT: Lazy = Lazy::new(Some(SECONDS));

/// Counts calls under the names and labels that Kratos' middleware has.
///
/// | metric | labels |
/// |---|---|
/// | `server_requests_code_total`, `client_requests_code_total` | `kind`, `operation`, `code`, `reason` |
/// | `server_requests_seconds`, `client_requests_seconds` | `kind`, `operation` |
///
/// `kind` is the RPC system, `operation` is `/package.Service/method` or the route, `code` is an HTTP status (the one
/// that stands for it, where the call has a gRPC code; 500 for another error or a panic, 499 for a cancelled call), and
/// `reason` is the type of the error where that is not the status itself. Panics and cancelled calls are counted too.
#[derive(Debug, Clone, Default)]
#[must_use = "pass it to `with_tracer`"]
pub struct KratosMetrics(());

/// Counts calls under the names and labels of Kratos; see [`KratosMetrics`].
///
/// ```
/// use tracer_runtime::rpc;
///
/// let builder = tracer_runtime::builder().with_tracer(rpc::kratos_metrics());
/// # drop(builder);
/// ```
pub fn kratos_metrics() -> KratosMetrics {
    KratosMetrics::default()
}

impl Tracer for KratosMetrics {
    type State = ();

    fn start(&self, _rpc: &RpcInfo) {}

    fn finish(&self, rpc: &RpcInfo, (): ()) {
        if !rpc.0.counted.claim(Compatible::Kratos) {
            return;
        }
        let side = match rpc.kind() {
            SpanKind::Client => &CLIENT,
            _ => &SERVER,
        };
        if let Some(registry) = side.get() {
            count(registry, rpc);
        }
    }
}

fn count(registry: &Registry, rpc: &RpcInfo) {
    let route = rpc.route().unwrap_or_default();
    let [package, service, method] = calls::method(rpc);
    let key = Key::new([rpc.system(), package, service, method, route, reason(rpc)]);
    let ns = u64::try_from(rpc.stats().cost().as_nanos());
    registry
        .series(&key.with_number(code(rpc).into()))
        .record(ns.unwrap_or(u64::MAX));
}

fn code(rpc: &RpcInfo) -> u16 {
    match (rpc.status(), rpc.stats().outcome()) {
        (Some(RpcStatus::Http(code)), _) => code,
        (Some(RpcStatus::Grpc(code)), _) => {
            HTTP_OF_GRPC.get(usize::from(code)).copied().unwrap_or(500)
        }
        (None, Some(CallOutcome::Error | CallOutcome::Panic)) => 500,
        (None, Some(CallOutcome::Cancelled)) => 499,
        (None, _) => 200,
    }
}

fn reason(rpc: &RpcInfo) -> &str {
    let reason = rpc.stats().error().map_or("", |error| &error.error_type);
    let status = rpc.status().map(RpcStatus::as_text);
    match status {
        Some(status) if status == reason => "",
        _ => reason,
    }
}

/// What clients and servers have counted.
pub(super) fn families() -> Vec<Family<'static>> {
    let sides = [
        (
            &SERVER,
            names::KRATOS_SERVER_REQUESTS,
            names::KRATOS_SERVER_SECONDS,
        ),
        (
            &CLIENT,
            names::KRATOS_CLIENT_REQUESTS,
            names::KRATOS_CLIENT_SECONDS,
        ),
    ];
    let of_side = |(side, requests, seconds): (&Lazy, _, _)| {
        let all = side.all();
        let counts = all.iter().map(|series| {
            let labels = labels(series, |key| {
                let mut labels = labels_of(key);
                let [.., reason] = key.texts::<6>();
                labels.push(("code".into(), key.number.to_string().into()));
                labels.push(("reason".into(), reason.into()));
                labels
            });
            (labels, series.count())
        });
        [
            sums(requests, counts),
            histograms(seconds, latencies(&all, labels_of)),
        ]
    };
    sides.into_iter().flat_map(of_side).collect()
}

fn labels_of(key: &Key<'static>) -> Labels<'static> {
    let [system, package, service, method, route] = key.texts();
    let operation = match (route, method) {
        ("", "") => String::new(),
        ("", method) => format!("/{}", full_method(package, service, method)),
        (route, _) => route.to_owned(),
    };
    vec![
        ("kind".into(), system.into()),
        ("operation".into(), operation.into()),
    ]
}
