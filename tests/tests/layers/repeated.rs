//! Calls like one before share its description: they say the same as the first one, and what differs stays apart.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use tower::{Layer as _, Service, ServiceExt as _};
use tracer_runtime::SpanKind;
use tracer_runtime::integrations::tower::{ClientLayer, ServerLayer};
use tracer_runtime::rpc::{Endpoint, RpcInfo};
use tracer_runtime::testing::{CapturedSpan, capture};

use super::metrics::values;
use super::{block_on, events, text};

/// Everything but ids, times and ports.
fn said(span: &CapturedSpan) -> Vec<String> {
    let keys = [
        "rpc.system.name",
        "rpc.method",
        "rpc.response.status_code",
        "rpc.request.messages",
        "server.address",
        "service.peer.name",
        "error.type",
    ];
    let mut all: Vec<_> = keys
        .into_iter()
        .map(|key| format!("{key} = {}", text(span, key)))
        .collect();
    all.push(format!("{} {:?}", span.name(), span.outcome));
    all.extend(events(span).into_iter().map(ToOwned::to_owned));
    all
}

#[test]
fn the_last_call_of_a_method_says_what_the_first_one_said() {
    let capture = capture();
    let told = Told::default();
    for _ in 0..5 {
        let mut request = request(&[("grpc-timeout", "20S"), ("host", "stock:80")]);
        *request.uri_mut() = "/shop.Stock/Repeated".parse().unwrap();
        let service = ClientLayer::new().layer(handler(&told));
        drop(block_on(service.oneshot(request)).unwrap());
    }
    let spans = capture.spans();
    for kind in [SpanKind::Client, SpanKind::Server] {
        let all: Vec<_> = spans.iter().filter(|span| span.kind() == kind).collect();
        assert_eq!(all.len(), 5, "{kind:?}");
        let first = said(all[0]);
        assert_eq!(first[1], "rpc.method = shop.Stock/Repeated");
        assert_eq!(first[4], "server.address = stock");
        for later in &all[1..] {
            assert_eq!(said(later), first, "{kind:?}");
        }
    }
}

/// What a handler is told, and what it was asked with.
type Told = Arc<Mutex<Vec<RpcInfo>>>;

fn handler(
    told: &Told,
) -> impl Service<
    Request<Body>,
    Response = http::Response<impl http_body::Body<Error: fmt::Display> + use<>>,
    Error = Infallible,
> + use<> {
    let told = told.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let rpc = request.extensions().get::<RpcInfo>().unwrap().clone();
        told.lock().unwrap().push(rpc);
        let status = match request.headers().contains_key("unicorn") {
            true => tonic::Status::not_found("no unicorns"),
            false => tonic::Status::ok(""),
        };
        async { Ok::<_, Infallible>(status.into_http::<Body>()) }
    });
    ServerLayer::new().layer(service)
}

fn request(headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post("/shop.Stock/Differs")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[test]
fn calls_of_one_method_that_differ_are_told_apart_however_often_they_come() {
    let _capture = capture();
    let told = Told::default();
    let mut service = handler(&told);
    let kinds: [&[(&str, &str)]; 6] = [
        &[("host", "a:1")],
        &[("host", "b:1")],
        &[("host", "a:1"), ("source-service", "front")],
        &[
            ("host", "a:1"),
            ("source-service", "front"),
            ("source-method", "buy"),
        ],
        &[("host", "a:1"), ("grpc-timeout", "250m")],
        &[
            ("host", "a:1"),
            ("grpc-timeout", "1S"),
            ("x-md-service-name", "till"),
        ],
    ];
    for _ in 0..4 {
        for headers in kinds {
            block_on(service.ready()).unwrap();
            block_on(service.call(request(headers))).unwrap();
        }
    }
    let told = told.lock().unwrap();
    for round in told.chunks(kinds.len()) {
        let seen = round.iter().map(|rpc| {
            let from = rpc.from();
            let timeout = rpc.config().rpc_timeout();
            (
                rpc.to().address(),
                from.service_name(),
                from.method(),
                timeout,
            )
        });
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(
            seen.collect::<Vec<_>>(),
            [
                ("a:1", "", "", None),
                ("b:1", "", "", None),
                ("a:1", "front", "", None),
                ("a:1", "front", "buy", None),
                ("a:1", "", "", ms(250)),
                ("a:1", "till", "", ms(1_000)),
            ]
        );
        for rpc in round {
            assert_eq!(rpc.invocation().full_method(), "shop.Stock/Differs");
            assert_eq!(rpc.config().protocol(), "http/2");
        }
    }
}

#[test]
fn clients_of_two_services_that_are_asked_the_same_stay_apart() {
    let capture = capture();
    let told = Told::default();
    let ask = |to: Endpoint| {
        let layer = ClientLayer::new().with_to(to);
        let service = layer.layer(handler(&told));
        drop(block_on(service.oneshot(request(&[("host", "c:1")]))).unwrap());
    };
    let stock = || Endpoint::new("stock").with_address("stock:80");
    for _ in 0..3 {
        ask(stock());
        ask(Endpoint::new("till").with_address("stock:80"));
        ask(stock().with_namespace("eu"));
        ask(Endpoint::new("stock"));
    }
    let spans = capture.spans();
    let clients = spans.iter().filter(|span| span.kind() == SpanKind::Client);
    let said: Vec<_> = clients
        .map(|span| {
            [
                "service.peer.name",
                "service.peer.namespace",
                "server.address",
            ]
            .map(|key| text(span, key))
        })
        .collect();
    assert_eq!(said.len(), 12);
    for round in said.chunks(4) {
        let of = |all: [&str; 3]| all.map(ToOwned::to_owned);
        assert_eq!(
            round,
            [
                of(["stock", "none", "stock"]),
                of(["till", "none", "stock"]),
                of(["stock", "eu", "stock"]),
                of(["stock", "none", "c"]),
            ]
        );
    }
}

#[test]
fn calls_like_one_before_are_counted_by_how_they_went_and_by_whom() {
    const COUNT: &str = "rpc_server_call_duration_seconds_count";
    let _capture = capture();
    let told = Told::default();
    let mut service = handler(&told);
    let kinds: [&[(&str, &str)]; 3] = [&[], &[("unicorn", "1")], &[("source-service", "counted")]];
    for _ in 0..4 {
        for headers in kinds {
            let mut request = request(headers);
            *request.uri_mut() = "/shop.Stock/Counted".parse().unwrap();
            block_on(service.ready()).unwrap();
            drop(block_on(service.call(request)).unwrap());
        }
    }
    let of = |labels: &str| {
        values(
            COUNT,
            &format!(r#"rpc_method="shop.Stock/Counted",{labels}"#),
        )
    };
    assert_eq!(of(r#"rpc_response_status_code="NOT_FOUND""#), ["4"]);
    assert_eq!(
        of(r#"rpc_response_status_code="OK",service_peer_name="counted""#),
        ["4"]
    );
    assert_eq!(of(r#"rpc_response_status_code="OK"}"#), ["4"]);
}
