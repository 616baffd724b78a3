//! A whole axum service behind one layer: every request is a call with its route, its sizes and its status, whoever
//! handles it. No attribute on the handlers is needed; those that have one are children of the call.
//!
//! Run: `cargo run --example axum_service`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tracer_runtime::integrations::tower::{Filter, ServerLayer};
use tracer_runtime::{testing, traced};

#[traced(args(id))]
async fn load(id: u32) -> Result<String, std::num::TryFromIntError> {
    Ok(format!("item {}", u8::try_from(id)?))
}

async fn get_item(Path(id): Path<u32>) -> Result<String, StatusCode> {
    load(id)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

fn app() -> Router {
    let layer = ServerLayer::new()
        .with_filter(Filter::default().without_prefix("/healthz"))
        // A panic of a handler is recorded either way.
        .answering_panics();
    Router::new()
        .route("/items/{id}", get(get_item))
        .route("/panics", get(panics))
        .route("/healthz", get(|| async { "fine" }))
        // Around the routes, so that the layer knows which one matched.
        .layer(layer)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let capture = testing::capture();
    for path in ["/items/7", "/items/1000", "/panics", "/healthz", "/nowhere"] {
        let response = app()
            .oneshot(Request::get(path).body(Body::empty())?)
            .await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes().len();
        println!("{path}: {status}, {bytes} bytes");
    }
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        "\
GET /items/{id} [ok]
  load [ok] {id=7}
GET /items/{id} [error]
  load [error: out of range integral type conversion attempted] {id=1000}
GET /panics [panic]
GET [ok]
"
    );
    let metrics = tracer_runtime::metrics::encode();
    let durations = metrics
        .lines()
        .filter(|line| line.starts_with("http_server_request_duration_seconds_count"));
    let durations: Vec<_> = durations.collect();
    println!("{}", durations.join("\n"));
    assert_eq!(
        durations.len(),
        4,
        "two of one route, a panic, and what nobody serves"
    );
    Ok(())
}
