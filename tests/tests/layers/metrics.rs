//! What the metrics say of requests that went through the layers.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::middleware::{Next, from_fn};
use axum::routing::{get, trace};
use futures_util::FutureExt as _;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tonic::Code;
use tower::ServiceExt as _;
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::metrics::encode;
use tracer_runtime::testing::capture;

use super::block_on;
use super::grpc::{client, path};
use super::service::{Codec, serve};

fn counted() -> Router {
    Router::new()
        .route("/counted/{id}", trace(|| async { "seven" }))
        .route("/counted/panics", trace(panics))
        .route("/counted/waits", trace(pending::<&'static str>))
        .layer(ServerLayer::new())
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

fn request(path: &str) -> Request<Body> {
    // A method of its own, so that other tests' requests are not among the active ones.
    let request = Request::builder().method("TRACE").uri(path);
    request.body(Body::empty()).unwrap()
}

/// The values of the samples of this name whose labels have this text in them.
pub(super) fn values(name: &str, labels: &str) -> Vec<String> {
    let text = encode();
    let lines = text.lines().filter(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{'))
            && line.contains(labels)
    });
    lines
        .map(|line| line.rsplit_once(' ').unwrap().1.to_owned())
        .collect()
}

fn active() -> Vec<String> {
    values(
        "http_server_active_requests",
        r#"http_request_method="TRACE""#,
    )
}

#[test]
fn requests_are_counted_once_and_none_stays_active_however_they_end() {
    const COUNT: &str = "http_server_request_duration_seconds_count";
    let capture = capture();
    block_on(capture.run(async {
        for id in ["1", "2"] {
            let path = format!("/counted/{id}");
            let response = counted().oneshot(request(&path)).await.unwrap();
            assert_eq!(active(), ["1"], "until the end of its body");
            response.into_body().collect().await.unwrap();
        }
        let broken = AssertUnwindSafe(counted().oneshot(request("/counted/panics")));
        assert!(broken.catch_unwind().await.is_err());
        let mut waits = Box::pin(counted().oneshot(request("/counted/waits")));
        assert!(matches!(futures_util::poll!(&mut waits), Poll::Pending));
        assert_eq!(active(), ["1"]);
        drop(waits);
        // Its client has the head and leaves.
        drop(counted().oneshot(request("/counted/3")).await.unwrap());
    }));
    assert_eq!(active(), ["0"]);
    let of = |labels: &str| values(COUNT, labels);
    assert_eq!(
        of(r#"http_route="/counted/{id}",http_response_status_code="200",network"#),
        ["2"]
    );
    assert_eq!(
        of(r#"http_route="/counted/panics",http_response_status_code="500",error_type="panic""#),
        ["1"]
    );
    assert_eq!(
        of(r#"http_route="/counted/waits",error_type="cancelled""#),
        ["1"]
    );
    let left =
        r#"http_route="/counted/{id}",http_response_status_code="200",error_type="cancelled""#;
    assert_eq!(of(left), ["1"]);
}

/// By a caller that no other test has.
fn asked_by<T>(caller: &'static str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let caller = caller.parse().unwrap();
    request.metadata_mut().insert("x-md-service-name", caller);
    request
}

#[test]
fn a_call_whose_handler_never_runs_is_counted_once() {
    const COUNT: &str = "rpc_server_call_duration_seconds_count";
    let _capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        client.ready().await.unwrap();
        // A number where the service reads a text.
        let numbers = tonic_prost::ProstCodec::<i64, String>::default();
        let request = asked_by("no text", 7);
        let answer = client.unary(request, path("/shop.Stock/Reserve"), numbers);
        assert_eq!(answer.await.unwrap_err().code(), Code::Internal);
        client.ready().await.unwrap();
        let request = asked_by("no method", String::new());
        let answer = client.unary(request, path("/shop.Stock/MadeUp"), Codec::default());
        assert_eq!(answer.await.unwrap_err().code(), Code::Unimplemented);
    });
    for (caller, said) in [
        (
            "no text",
            r#"rpc_method="shop.Stock/Reserve",rpc_response_status_code="INTERNAL",error_type="INTERNAL""#,
        ),
        (
            "no method",
            r#"rpc_method="_OTHER",rpc_response_status_code="UNIMPLEMENTED",error_type="UNIMPLEMENTED""#,
        ),
    ] {
        let caller = format!(r#"service_peer_name="{caller}""#);
        assert_eq!(values(COUNT, &caller), ["1"], "{caller}");
        let both = format!("{said},{caller}");
        assert_eq!(values(COUNT, &both), ["1"], "{both}");
    }
}

#[test]
fn a_request_that_another_layer_refuses_is_counted_once() {
    let capture = capture();
    block_on(async {
        let app = Router::new()
            .route("/refused", get(panics))
            .layer(from_fn(async |_: Request<Body>, _: Next| {
                StatusCode::UNAUTHORIZED
            }))
            .layer(ServerLayer::new());
        let request = Request::get("/refused").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    });
    assert_eq!(capture.tree(), "GET /refused [ok]\n");
    let counted = values(
        "http_server_request_duration_seconds_count",
        r#"http_route="/refused""#,
    );
    assert_eq!(counted, ["1"]);
}
