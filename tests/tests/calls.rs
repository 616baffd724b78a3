//! `#[traced(server)]` and `#[traced(client)]` are calls between services: what is known of them, and how they end.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::routing::get;
use axum::{Router, response::Response};
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::rpc::{RpcEvent, RpcInfo, StatsLevel};
use tracer_runtime::testing::{Capture, CapturedSpan, capture};
use tracer_runtime::{Value, traced};

static PRICED: RpcEvent = RpcEvent::new("priced", StatsLevel::Base);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn text(span: &CapturedSpan, key: &str) -> String {
    match span.attribute(key) {
        Some(Value::Str(text)) => text.to_string(),
        Some(other) => other.to_string(),
        None => "none".to_owned(),
    }
}

#[track_caller]
fn only(capture: &Capture) -> CapturedSpan {
    let mut spans = capture.spans();
    assert_eq!(spans.len(), 1, "{}", capture.tree());
    spans.remove(0)
}

fn events(span: &CapturedSpan) -> Vec<&str> {
    span.events.iter().map(|event| &*event.name).collect()
}

#[traced(server, rpc(service = "shop.Stock", method = "Reserve"))]
async fn reserve(request: tonic::Request<u32>) -> Result<tonic::Response<u32>, tonic::Status> {
    if let Some(rpc) = RpcInfo::current() {
        rpc.record(PRICED);
    }
    match request.get_ref() {
        0 => Err(tonic::Status::not_found("nothing")),
        1 => Err(tonic::Status::internal("broken")),
        &n => Ok(tonic::Response::new(n)),
    }
}

#[test]
fn a_grpc_handler_says_its_method_its_status_and_its_lifecycle() {
    for (asked, outcome, status, error) in [
        (2, "ok", "OK", "none"),
        (0, "ok", "NOT_FOUND", "none"),
        (1, "error: broken", "INTERNAL", "INTERNAL"),
    ] {
        let capture = capture();
        let _ = block_on(reserve(tonic::Request::new(asked)));
        assert_eq!(capture.tree(), format!("reserve [{outcome}]\n"));
        let span = only(&capture);
        for (key, value) in [
            ("rpc.system.name", "grpc"),
            ("rpc.method", "shop.Stock/Reserve"),
            ("rpc.response.status_code", status),
            ("error.type", error),
        ] {
            assert_eq!(text(&span, key), value, "{key} of {asked}");
        }
        assert_eq!(
            events(&span),
            [
                "rpc_start",
                "server_handle_start",
                "priced",
                "server_handle_finish",
                "rpc_finish"
            ]
        );
        // It is a function all the same.
        assert!(text(&span, "code.function.name").ends_with("reserve"));
    }
}

#[traced(client)]
async fn generated(request: tonic::Request<u32>) -> Result<u32, tonic::Status> {
    Ok(request.into_inner())
}

#[test]
fn a_request_of_a_generated_client_says_what_it_calls() {
    let capture = capture();
    let mut request = tonic::Request::new(7);
    let method = tonic::GrpcMethod::new("shop.v1.Stock", "Reserve");
    request.extensions_mut().insert(method);
    block_on(generated(request)).unwrap();
    assert_eq!(capture.tree(), "generated [ok]\n");
    let span = only(&capture);
    assert_eq!(text(&span, "rpc.system.name"), "grpc");
    assert_eq!(text(&span, "rpc.method"), "shop.v1.Stock/Reserve");
}

#[traced(server)]
async fn show(route: MatchedPath, request: Request<Body>) -> Response {
    let _ = route;
    let status = match request.uri().path() {
        "/items/7" => StatusCode::OK,
        _ => StatusCode::IM_A_TEAPOT,
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[test]
fn an_http_handler_is_told_by_its_request_and_its_route() {
    let capture = capture();
    let app = Router::new().route("/items/{id}", get(show));
    let request = Request::get("/items/8?q=1")
        .header("host", "shop")
        .body(Body::empty())
        .unwrap();
    block_on(app.oneshot(request)).unwrap();
    let span = only(&capture);
    assert_eq!(capture.tree(), "show [ok]\n");
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/items/{id}"),
        ("url.path", "/items/8"),
        ("url.query", "q=1"),
        ("server.address", "shop"),
        ("http.response.status_code", "418"),
    ] {
        assert_eq!(text(&span, key), value, "{key}");
    }
}

#[test]
fn a_handler_behind_the_layer_is_part_of_its_call() {
    let capture = capture();
    let app = Router::new()
        .route("/items/{id}", get(show))
        .layer(ServerLayer::new());
    let request = Request::get("/items/7")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .body(Body::empty());
    block_on(app.oneshot(request.unwrap())).unwrap();
    assert_eq!(capture.tree(), "GET /items/{id} [ok]\n  show [ok]\n");
    let handler = &capture.spans()[1];
    assert_eq!(text(handler, "http.route"), "none");
    assert_eq!(events(handler), [""; 0]);
}

#[traced(client, rpc(system = "thrift", service = "shop.Stock", method = "Ask"))]
async fn ask(headers: &mut HashMap<String, String>, fails: bool) -> Result<usize, std::fmt::Error> {
    if fails {
        Err(std::fmt::Error)
    } else {
        Ok(headers.len())
    }
}

#[test]
fn a_client_of_any_protocol_writes_its_context_and_says_what_it_called() {
    let capture = capture();
    let mut headers = HashMap::new();
    assert_eq!(block_on(ask(&mut headers, false)), Ok(1));
    assert!(headers.contains_key("traceparent"));
    let _ = block_on(ask(&mut headers, true));
    assert_eq!(
        capture.tree(),
        "ask [ok]\nask [error: an error occurred when formatting an argument]\n"
    );
    let span = &capture.spans()[1];
    assert_eq!(text(span, "rpc.system.name"), "thrift");
    assert_eq!(text(span, "rpc.method"), "shop.Stock/Ask");
    assert_eq!(events(span), ["rpc_start", "rpc_finish"]);
}

#[traced(server, rpc(method = "sync"))]
fn at_once(headers: &HashMap<String, String>) -> Result<(), std::fmt::Error> {
    assert!(RpcInfo::current().is_some_and(|rpc| rpc.invocation().method() == "sync"));
    match headers.len() {
        0 => Ok(()),
        1 => Err(std::fmt::Error),
        _ => panic!("on purpose"),
    }
}

#[test]
fn a_handler_that_runs_at_once_is_a_call_too() {
    let capture = capture();
    let headers = |n: usize| {
        (0..n)
            .map(|i| (i.to_string(), String::new()))
            .collect::<HashMap<_, _>>()
    };
    let _ = at_once(&headers(0));
    let _ = at_once(&headers(1));
    let _ = catch_unwind(|| at_once(&headers(2)));
    assert!(RpcInfo::current().is_none());
    assert_eq!(
        capture.tree(),
        "at_once [ok]\nat_once [error: an error occurred when formatting an argument]\nat_once [panic]\n"
    );
    for span in capture.spans() {
        assert_eq!(text(&span, "rpc.method"), "sync");
        assert_eq!(events(&span).last(), Some(&"rpc_finish"));
    }
}

#[traced(server, rpc(method = "stuck"))]
async fn stuck(_headers: HashMap<String, String>) {
    std::future::pending::<()>().await;
}

#[traced(server, rpc(method = "breaks"))]
async fn breaks(_headers: HashMap<String, String>) {
    panic!("on purpose");
}

#[test]
fn a_call_whose_future_is_dropped_or_unwinds_is_finished_once() {
    let capture = capture();
    block_on(async {
        let mut future = Box::pin(stuck(HashMap::new()));
        assert!(matches!(
            futures_util::poll!(future.as_mut()),
            Poll::Pending
        ));
        drop(future);
        // Never polled, it is no call.
        drop(stuck(HashMap::new()));
    });
    let unwound = catch_unwind(AssertUnwindSafe(|| block_on(breaks(HashMap::new()))));
    assert!(unwound.is_err());
    assert_eq!(capture.tree(), "stuck [cancelled]\nbreaks [panic]\n");
    for span in capture.spans() {
        assert_eq!(events(&span).last(), Some(&"rpc_finish"), "{}", span.name());
    }
}

/// Works before it returns its future.
#[traced(server, rpc(method = "prepared"))]
fn prepared(
    headers: HashMap<String, String>,
) -> Pin<Box<dyn Future<Output = Result<usize, std::fmt::Error>> + Send>> {
    let n = headers.len();
    Box::pin(async move {
        assert!(RpcInfo::current().is_some());
        if n == 0 { Err(std::fmt::Error) } else { Ok(n) }
    })
}

#[test]
fn a_call_goes_on_in_the_future_that_its_function_returned() {
    let capture = capture();
    let _ = block_on(prepared(HashMap::new()));
    assert_eq!(
        capture.tree(),
        "prepared [error: an error occurred when formatting an argument]\n"
    );
    let span = only(&capture);
    assert_eq!(
        events(&span),
        [
            "rpc_start",
            "server_handle_start",
            "server_handle_finish",
            "rpc_finish"
        ]
    );
    assert_eq!(text(&span, "rpc.method"), "prepared");
}

#[test]
fn two_calls_side_by_side_are_told_apart() {
    let capture = capture();
    block_on(async {
        let mut first = pin!(stuck(HashMap::new()));
        let mut second = pin!(prepared(HashMap::new()));
        assert!(matches!(futures_util::poll!(first.as_mut()), Poll::Pending));
        assert!(RpcInfo::current().is_none());
        let _ = second.as_mut().await;
        assert!(RpcInfo::current().is_none());
    });
    let methods: Vec<_> = capture
        .spans()
        .iter()
        .map(|span| text(span, "rpc.method"))
        .collect();
    // The second one began when its function was called.
    assert_eq!(methods, ["prepared", "stuck"]);
}
