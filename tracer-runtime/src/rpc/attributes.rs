//! What the span of a call says about it: attributes of the semantic conventions, and its lifecycle as events.
//!
//! Made when a span is read, so that a call whose trace is thrown away pays nothing for it.
//!
//! <https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/>,
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>

use super::endpoint::{DEPLOYMENT_ENVIRONMENT, Endpoint};
use super::event::EventStatus;
use super::info::{RpcInfo, RpcStatus, full_method};
use super::plan::HttpRequest;
use crate::callsite::SpanKind;
use crate::record::{Event, EventKind};
use crate::value::{KeyValue, Value};

/// Collects attributes; empty texts are none.
struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn text(&mut self, key: &'static str, value: &str) {
        if !value.is_empty() {
            self.0.push(KeyValue::new(key, value.to_owned()));
        }
    }

    fn number(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.push(KeyValue::new(key, value));
    }

    fn address(&mut self, address_key: &'static str, port_key: &'static str, address: &str) {
        let (host, port) = host_and_port(address);
        self.text(address_key, host);
        if let Some(port) = port {
            self.number(port_key, port);
        }
    }
}

/// `host:port`; what is no port stays with the host.
pub(super) fn host_and_port(address: &str) -> (&str, Option<u16>) {
    let parts = address.rsplit_once(':');
    let parts = parts.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match parts {
        Some((host, port)) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            (host, Some(port))
        }
        None => (address, None),
    }
}

/// The attributes of a call's span.
pub(crate) fn of(info: &RpcInfo) -> Vec<KeyValue> {
    let mut all = Attributes(Vec::new());
    let shared = &info.0;
    let server = info.kind() == SpanKind::Server;
    if info.system() != "http" {
        all.text("rpc.system.name", info.system());
        all.text("rpc.method", &info.invocation().full_method());
        if shared.late.method().is_some() {
            let plan = &shared.plan;
            let original = full_method(&plan.package, &plan.service, &plan.method);
            all.text("rpc.method_original", &original);
        }
    } else if let Some(request) = &shared.plan.http {
        http(&mut all, request, info, server);
    }
    match info.status() {
        Some(status @ RpcStatus::Grpc(_)) => {
            all.text("rpc.response.status_code", &status.as_text());
        }
        Some(RpcStatus::Http(code)) => all.number("http.response.status_code", code),
        None => {}
    }
    all.address("server.address", "server.port", info.to().address());
    let peer = match shared.late.peer_address() {
        Some(address) => address,
        None if server => info.from().address(),
        None => "",
    };
    all.address("network.peer.address", "network.peer.port", peer);
    let other_side = if server { info.from() } else { info.to() };
    peer_service(&mut all, other_side);
    sizes(&mut all, info);
    if let Some(biz) = info.invocation().biz_status() {
        all.number("rpc.biz_status.code", biz.code);
        all.text("rpc.biz_status.message", &biz.message);
    }
    let attempt = info.invocation().attempt();
    if attempt > 0 && info.system() == "http" {
        all.number("http.request.resend_count", attempt);
    } else if attempt > 0 {
        all.number("rpc.attempt", attempt);
    }
    if let Some(message) = info.stats().panic_message() {
        all.text("exception.message", message);
    }
    if let Some(stack) = info.panic_stack() {
        all.text("exception.stacktrace", &stack);
    }
    all.0
}

fn http(all: &mut Attributes, request: &HttpRequest, info: &RpcInfo, server: bool) {
    all.text("http.request.method", &request.method);
    all.text(
        "http.request.method_original",
        request.method_original.as_deref().unwrap_or_default(),
    );
    all.text("url.scheme", &request.scheme);
    if server {
        all.text("url.path", &request.path);
        all.text("url.query", request.query.as_deref().unwrap_or_default());
        all.text("http.route", info.route().unwrap_or_default());
    } else {
        let (scheme, address) = (&request.scheme, info.to().address());
        let query = request.query.as_ref().map(|query| format!("?{query}"));
        let query = query.unwrap_or_default();
        all.text(
            "url.full",
            &format!("{scheme}://{address}{}{query}", request.path),
        );
        all.text("url.template", info.route().unwrap_or_default());
    }
    all.text("network.protocol.version", &request.version);
    all.text(
        "user_agent.original",
        request.user_agent.as_deref().unwrap_or_default(),
    );
}

fn peer_service(all: &mut Attributes, other_side: &Endpoint) {
    all.text("service.peer.name", other_side.service_name());
    all.text("service.peer.namespace", other_side.namespace());
    let environment = other_side.tag(DEPLOYMENT_ENVIRONMENT).unwrap_or_default();
    // The conventions have no name for it; Kitex' suite has.
    all.text("peer.deployment.environment", environment);
}

fn sizes(all: &mut Attributes, info: &RpcInfo) {
    let stats = info.stats();
    let (incoming, outgoing) = (
        (stats.recv_size(), stats.messages_received()),
        (stats.send_size(), stats.messages_sent()),
    );
    let (request, response) = match info.kind() {
        SpanKind::Client => (outgoing, incoming),
        _ => (incoming, outgoing),
    };
    for ((bytes, messages), bytes_key, messages_key) in [
        (request, "rpc.request.size", "rpc.request.messages"),
        (response, "rpc.response.size", "rpc.response.messages"),
    ] {
        if messages > 0 || bytes > 0 {
            all.number(bytes_key, i64::try_from(bytes).unwrap_or(i64::MAX));
            all.number(messages_key, i64::try_from(messages).unwrap_or(i64::MAX));
        }
    }
}

/// The lifecycle of a call as events of its span.
pub(crate) fn events_of(info: &RpcInfo) -> Vec<Event> {
    let stats = info.stats();
    let events = stats.raw_events().into_iter();
    events
        .map(|(event, status, text, ticks)| {
            let mut attributes = Vec::new();
            if status != EventStatus::Info {
                attributes.push(KeyValue::new("rpc.event.status", status.as_str()));
            }
            if !text.is_empty() {
                attributes.push(KeyValue::new("rpc.event.info", text));
            }
            Event {
                kind: EventKind::Lifecycle,
                name: event.name().into(),
                time: ticks,
                unix_ns: None,
                attributes,
                dropped_attributes: 0,
            }
        })
        .collect()
}
