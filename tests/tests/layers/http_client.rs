//! A client of HTTP behind the layer; the server is behind one as well.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt as _};
use tracer_runtime::integrations::tower::{ClientLayer, ServerLayer};
use tracer_runtime::testing::capture;

use super::{block_on, named, text};

async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/gone", get(|| async { StatusCode::GONE }))
        .layer(ServerLayer::new());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[test]
fn a_request_of_hyper_is_a_call_over_that_of_the_server() {
    let capture = capture();
    block_on(async {
        let url = serve().await;
        let client: Client<_, Empty<bytes::Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        // The layer hands its body on in a wrapper, so the client takes a boxed one.
        let client = client.map_request(|request: Request<_>| request.map(|_: Body| Empty::new()));
        let client = ServiceBuilder::new()
            .layer(ClientLayer::new())
            .service(client);
        for path in ["/", "/gone"] {
            let request = Request::get(format!("{url}{path}"))
                .body(Body::empty())
                .unwrap();
            let response = client.clone().oneshot(request).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
    });
    assert_eq!(
        capture.tree(),
        "GET [ok]\n  GET / [ok]\nGET [error]\n  GET /gone [ok]\n"
    );
    let spans = capture.spans();
    assert_eq!(text(named(&spans, "GET /gone"), "error.type"), "none");
    let failed = spans
        .iter()
        .find(|span| text(span, "error.type") == "410")
        .unwrap();
    assert_eq!(text(failed, "http.response.status_code"), "410");
    assert!(text(failed, "url.full").ends_with("/gone"));
    assert_eq!(text(failed, "server.address"), "127.0.0.1");
}

#[test]
fn a_client_that_wants_the_head_only_has_no_failed_call() {
    let capture = capture();
    block_on(async {
        let url = serve().await;
        let client: Client<_, Empty<bytes::Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        let client = client.map_request(|request: Request<_>| request.map(|_: Body| Empty::new()));
        let client = ServiceBuilder::new()
            .layer(ClientLayer::new())
            .service(client);
        let request = Request::get(url).body(Body::empty()).unwrap();
        let response = client.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    });
    assert!(
        capture.tree().starts_with("GET [ok]\n"),
        "{}",
        capture.tree()
    );
}
