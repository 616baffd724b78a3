//! Makes the HTTP calls that it is asked for: `POST /test` with `[{"url": …, "arguments": …}, …]` sends each `arguments`
//! to its `url`, in order.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use reqwest::Client;
use serde_json::Value;
use tower::{ServiceBuilder, ServiceExt as _};
use tracer_e2e_services::{Result, serve_http, start_telemetry};
use tracer_runtime::integrations::tower::{ClientLayer, ClientService, ServerLayer};

type Http = ClientService<Client>;

async fn forward(State(http): State<Http>, body: Bytes) -> StatusCode {
    let Ok(Value::Array(calls)) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    for call in &calls {
        let Some(url) = call["url"].as_str() else {
            return StatusCode::BAD_REQUEST;
        };
        if send(http.clone(), url, &call["arguments"]).await.is_err() {
            return StatusCode::BAD_GATEWAY;
        }
    }
    StatusCode::OK
}

async fn send(http: Http, url: &str, body: &Value) -> reqwest::Result<()> {
    let request = Client::new()
        .post(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .build()?;
    http.oneshot(request).await?.bytes().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = start_telemetry()?;
    let http = ServiceBuilder::new()
        .layer(ClientLayer::new())
        .service(Client::builder().no_proxy().build()?);
    let app = Router::new()
        .route("/test", post(forward))
        .layer(ServerLayer::new())
        .with_state(http);
    serve_http(app, telemetry).await
}
