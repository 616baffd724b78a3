//! An axum service and its client: `server` continues the caller's trace, `client` passes it on. The headers are found
//! by their types. A 5xx is an error on both sides, a 4xx only for the client, as the conventions of OpenTelemetry say.
//!
//! Run: `cargo run --example axum_handler`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tracer_runtime::{testing, traced};

// Any argument that carries headers will do: a `HeaderMap` or the whole request.
#[traced(server, args(id))]
async fn get_item(_headers: HeaderMap, Path(id): Path<u32>) -> Result<&'static str, StatusCode> {
    match id {
        7 => Ok("a book"),
        13 => Err(StatusCode::INTERNAL_SERVER_ERROR),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

// The trace context goes into the headers of `request`, before the body of the function runs.
#[traced(client)]
async fn fetch(http: Http, request: Request<Body>) -> Result<StatusCode, Error> {
    Ok(http.request(request).await?.status())
}

#[traced]
async fn shopping(shop: String) -> Result<(), Error> {
    let http = Client::builder(TokioExecutor::new()).build_http();
    for id in [7, 8, 13] {
        let request = Request::get(format!("{shop}/items/{id}")).body(Body::empty())?;
        fetch(http.clone(), request).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let shop = format!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/items/{id}", get(get_item));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let capture = testing::capture();
    capture.run(shopping(shop)).await?;
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        "\
shopping [ok]
  fetch [ok]
    get_item [ok] {id=7}
  fetch [error]
    get_item [ok] {id=8}
  fetch [error]
    get_item [error] {id=13}
"
    );
    Ok(())
}

type Error = Box<dyn std::error::Error + Send + Sync>;
type Http = Client<HttpConnector, Body>;
