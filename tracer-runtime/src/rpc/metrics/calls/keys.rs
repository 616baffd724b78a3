//! Which series a call belongs to.

use super::super::key::Key;
use super::is_http;
use crate::callsite::SpanKind;
use crate::record::CallOutcome;
use crate::rpc::info::{OTHER, RpcInfo, RpcStatus};

/// Of a call that is under way: by what was known before it, as that is all that will be known of it at its end for
/// certain.
pub(super) fn active(info: &RpcInfo) -> Key<'_> {
    let (address, _) = other_side(info);
    if is_http(info) {
        let (method, scheme) = http_request(info);
        Key::new([method, scheme, address])
    } else {
        Key::new([info.system(), "", address])
    }
}

/// Of a call that is over.
pub(super) fn rpc(info: &RpcInfo) -> Key<'_> {
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

/// Of a request that is over.
pub(super) fn http(info: &RpcInfo) -> Key<'_> {
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
pub(in crate::rpc::metrics) fn method(info: &RpcInfo) -> [&str; 3] {
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

/// `error.type`. A cancelled call has one unless its gRPC status says it. An HTTP status may have been sent before, so it
/// does not; and an HTTP client that gives up has seen no error.
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
            let tells = matches!(info.status(), Some(RpcStatus::Grpc(_)))
                || (is_http(info) && matches!(info.kind(), SpanKind::Client));
            if tells { "" } else { "cancelled" }
        }
    }
}
