//! Who calls, as its context says: over every way in, by the formats that `init` was told.
#![cfg(all(
    feature = "enable",
    feature = "metrics",
    feature = "tower",
    feature = "testing"
))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Empty;
use tower::{Layer as _, Service as _, service_fn};
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::propagation::{Extract, Propagator, inject};
use tracer_runtime::rpc::{RpcCall, RpcPlan};
use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::{SpanId, Telemetry, Value, traced};

const W3C_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const B3_TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";

/// Of the whole process.
fn start() {
    static STARTED: OnceLock<Telemetry> = OnceLock::new();
    STARTED.get_or_init(|| {
        let formats = [
            Propagator::B3,
            Propagator::TraceContext,
            Propagator::KitexOtel,
            Propagator::Kratos,
        ];
        tracer_runtime::builder()
            .with_service_name("stock")
            .with_resource_attribute("service.namespace", "warehouse")
            .with_resource_attribute("deployment.environment.name", "staging")
            .with_propagators(formats)
            .init()
            .unwrap()
    });
}

/// A carrier of a protocol that nobody knows.
struct Frame(Vec<(String, String)>);

impl Extract for Frame {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.0.for_each(see);
    }
}

type Headers = [(&'static str, &'static str)];

fn frame(headers: &Headers) -> Frame {
    let owned = headers.iter();
    Frame(
        owned
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    )
}

fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    map
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut task = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut task) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nobody"),
    }
}

fn by_hand(headers: &Headers) {
    RpcCall::serve(
        RpcPlan::server("frames").with_method("by_hand"),
        &frame(headers),
    )
    .finish();
}

fn by_layer(headers: &Headers) {
    let mut service = ServerLayer::new().layer(service_fn(|_: Request<_>| async {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    let mut request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
    *request.headers_mut() = header_map(headers);
    run(service.call(request)).unwrap();
}

#[traced(server, rpc(system = "frames", method = "at_once"))]
fn at_once(frame: &Frame) -> usize {
    frame.0.len()
}

#[traced(server, rpc(system = "frames", method = "in_time"))]
async fn in_time(frame: Frame) -> usize {
    frame.0.len()
}

struct Message {
    properties: HashMap<String, String>,
}

#[traced(server, carrier = message.properties, rpc(system = "frames", method = "by_expression"))]
async fn by_expression(message: Message) -> usize {
    message.properties.len()
}

/// The span of the call, whichever way it comes in.
fn every_way(headers: &Headers) -> Vec<CapturedSpan> {
    start();
    let ways: [&dyn Fn(); 5] = [
        &|| by_hand(headers),
        &|| by_layer(headers),
        &|| assert_eq!(at_once(&frame(headers)), headers.len()),
        &|| assert_eq!(run(in_time(frame(headers))), headers.len()),
        &|| {
            let properties = frame(headers).0.into_iter().collect();
            run(by_expression(Message { properties }));
        },
    ];
    let span = |way: &&dyn Fn()| {
        let capture = capture();
        way();
        let mut spans = capture.spans();
        assert_eq!(spans.len(), 1);
        spans.remove(0)
    };
    ways.iter().map(span).collect()
}

fn text(span: &CapturedSpan, key: &str) -> Option<String> {
    match span.attribute(key)? {
        Value::Str(text) => Some(text.to_string()),
        other => Some(other.to_string()),
    }
}

#[test]
fn the_caller_is_named_by_any_carrier_on_spans_and_in_metrics() {
    let headers = [("x-md-service-name", "front")];
    for span in every_way(&headers) {
        assert_eq!(
            text(&span, "service.peer.name").as_deref(),
            Some("front"),
            "{}",
            span.name()
        );
    }
    let counted = support::samples("rpc_server_call_duration_seconds_count{");
    for method in ["by_hand", "at_once", "in_time", "by_expression"] {
        let labels = format!(
            r#"rpc_system_name="frames",rpc_method="{method}",service_peer_name="front"}}"#
        );
        let found = counted.iter().find(|(of, _)| *of == labels);
        assert_eq!(
            found.map(|(_, count)| *count),
            Some(1),
            "{labels} in {counted:?}"
        );
    }
}

#[test]
fn namespace_and_environment_of_the_caller_are_told_by_the_suite_of_kitex() {
    let headers = [
        ("rpc-transit-service.name", "till"),
        ("rpc-transit-service.namespace", "counter"),
        ("rpc-transit-deployment.environment", "staging"),
    ];
    for span in every_way(&headers) {
        let keys = [
            "service.peer.name",
            "service.peer.namespace",
            "peer.deployment.environment",
        ];
        let peer = keys.map(|key| text(&span, key));
        let expected = ["till", "counter", "staging"].map(|text| Some(text.to_owned()));
        assert_eq!(peer, expected, "{}", span.name());
    }
    let counted = support::samples("rpc_server_call_duration_seconds_count{");
    let both = r#"service_peer_name="till",service_peer_namespace="counter""#;
    let found = counted.iter().filter(|(labels, _)| labels.contains(both));
    assert_eq!(found.map(|(_, count)| count).sum::<u64>(), 4, "{counted:?}");
}

#[test]
fn a_namespace_belongs_to_the_name_that_came_with_it() {
    start();
    let capture = capture();
    let headers = frame(&[
        ("rpc-transit-service.name", "till"),
        ("rpc-transit-service.namespace", "counter"),
    ]);
    let known = tracer_runtime::rpc::Endpoint::new("gateway");
    let plan = RpcPlan::server("frames").with_from(known);
    RpcCall::serve(plan, &headers).finish();
    let span = &capture.spans()[0];
    assert_eq!(text(span, "service.peer.name").as_deref(), Some("gateway"));
    assert_eq!(text(span, "service.peer.namespace"), None);
}

#[test]
fn whom_we_call_is_told_who_we_are() {
    start();
    let _capture = capture();
    let mut sent = HashMap::new();
    let mut call = RpcCall::start(RpcPlan::client("frames"));
    call.within(|| inject(&mut sent));
    call.finish();
    for (name, own) in [
        ("x-md-service-name", "stock"),
        ("rpc-transit-service.name", "stock"),
        ("rpc-transit-service.namespace", "warehouse"),
        ("rpc-transit-deployment.environment", "staging"),
    ] {
        assert_eq!(
            sent.get(name).map(String::as_str),
            Some(own),
            "{name} in {sent:?}"
        );
    }
}

#[test]
fn of_two_contexts_the_one_of_the_format_that_comes_first_is_believed() {
    let both = [
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("b3", "463ac35c9f6413ad48485a3953bb6124-0020000000000001-1"),
    ];
    for span in every_way(&both) {
        assert_eq!(span.trace_id.to_string(), B3_TRACE, "{}", span.name());
    }
    for span in every_way(&both[..1]) {
        assert_eq!(span.trace_id.to_string(), W3C_TRACE, "{}", span.name());
    }
}

#[test]
fn a_carrier_with_nothing_in_it_starts_a_root() {
    let spans = every_way(&[]);
    for span in &spans {
        assert_eq!(span.parent_id, SpanId::INVALID, "{}", span.name());
        let same = spans.iter().filter(|other| other.trace_id == span.trace_id);
        assert_eq!(same.count(), 1, "{}", span.name());
    }
}
