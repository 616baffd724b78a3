//! What the metrics say of requests that went through the layers.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::routing::trace;
use futures_util::FutureExt as _;
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::metrics::encode;
use tracer_runtime::testing::capture;

use super::block_on;

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
fn values(name: &str, labels: &str) -> Vec<String> {
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
