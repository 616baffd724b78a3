//! `reqwest`, as a tower service and with a middleware; attempts of a call that is retried.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt as _};
use tracer_runtime::integrations::reqwest::CallMiddleware;
use tracer_runtime::integrations::tower::{ClientLayer, ServerLayer};
use tracer_runtime::testing::capture;

use super::{block_on, text};

/// Its second answer is the first good one.
async fn serve() -> String {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shaky = || async {
        match ASKED.fetch_add(1, Relaxed) {
            0 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    };
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/shaky", get(shaky))
        .layer(ServerLayer::new());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[test]
fn a_reqwest_client_behind_the_layer_makes_calls() {
    let capture = capture();
    block_on(async {
        let url = serve().await;
        let client = ServiceBuilder::new()
            .layer(ClientLayer::new())
            .service(reqwest::Client::new());
        let request = reqwest::Client::new()
            .get(format!("{url}/"))
            .build()
            .unwrap();
        let response: Response = client.oneshot(request).await.unwrap();
        assert_eq!(response.url().as_str(), format!("{url}/"));
        assert_eq!(response.text().await.unwrap(), "hello");
    });
    assert_eq!(capture.tree(), "GET [ok]\n  GET / [ok]\n");
    assert_eq!(text(&capture.spans()[0], "rpc.response.size"), "5");
}

/// Tries a second time.
struct Retry;

#[async_trait::async_trait]
impl Middleware for Retry {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let again = request.try_clone().unwrap();
        let first = next.clone().run(request, extensions).await?;
        if first.status().is_success() {
            return Ok(first);
        }
        next.run(again, extensions).await
    }
}

#[test]
fn a_call_that_is_retried_is_one_call_over_its_attempts() {
    let capture = capture();
    block_on(async {
        let url = serve().await;
        let client = ClientBuilder::new(reqwest::Client::new())
            .with(CallMiddleware::new())
            .with(Retry)
            .with(CallMiddleware::new())
            .build();
        let response = client.get(format!("{url}/shaky")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.bytes().await.unwrap();
    });
    assert_eq!(
        capture.tree(),
        "GET [ok]\n  GET [error]\n    GET /shaky [error]\n  GET [ok]\n    GET /shaky [ok]\n"
    );
    let spans = capture.spans();
    let resends: Vec<_> = spans
        .iter()
        .map(|span| text(span, "http.request.resend_count"))
        .collect();
    assert_eq!(resends, ["1", "none", "none", "1", "none"]);
}
