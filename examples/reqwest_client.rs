//! A `reqwest` client whose requests are calls: as a tower service, or with a middleware that also tells attempts apart.
//!
//! Run: `cargo run --example reqwest_client`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use axum::Router;
use axum::http::{Extensions, StatusCode};
use axum::routing::get;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use tower::{ServiceBuilder, ServiceExt as _};
use tracer_runtime::integrations::reqwest::CallMiddleware;
use tracer_runtime::integrations::tower::{ClientLayer, ServerLayer};
use tracer_runtime::testing;

static AWAKE: AtomicBool = AtomicBool::new(false);

async fn sleepy() -> StatusCode {
    match AWAKE.swap(true, Relaxed) {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Tries a second time; a crate for retries does more.
struct TryTwice;

#[tonic::async_trait]
impl Middleware for TryTwice {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let again = request.try_clone();
        let answer = next.clone().run(request, extensions).await?;
        match again {
            Some(again) if answer.status().is_server_error() => next.run(again, extensions).await,
            _ => Ok(answer),
        }
    }
}

async fn shopping(url: String) -> Result<(), Box<dyn std::error::Error>> {
    let http = reqwest::Client::new();
    let service = ServiceBuilder::new()
        .layer(ClientLayer::new())
        .service(http.clone());
    let response = service
        .oneshot(http.get(format!("{url}/hello")).build()?)
        .await?;
    println!("{}", response.text().await?);

    let client = ClientBuilder::new(http)
        .with(CallMiddleware::new())
        .with(TryTwice)
        .with(CallMiddleware::new())
        .build();
    let response = client.get(format!("{url}/sleepy")).send().await?;
    println!("{}", response.status());
    response.bytes().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/sleepy", get(sleepy))
        .layer(ServerLayer::new());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let capture = testing::capture();
    capture.run(shopping(url)).await?;
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        "\
GET [ok]
  GET /hello [ok]
GET [ok]
  GET [error]
    GET /sleepy [error]
  GET [ok]
    GET /sleepy [ok]
"
    );
    Ok(())
}
