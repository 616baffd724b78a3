//! usage: `front ADDRESS`. What a browser talks to: `GET /orders/{item}` reserves the item in the stock service.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tracer_e2e_services::shop::Item;
use tracer_e2e_services::shop::stock_client::StockClient;
use tracer_e2e_services::{Calls, Result, argument, connect, serve_http, start_telemetry};
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::traced;

#[traced(args(item))]
async fn order(
    mut stock: StockClient<Calls>,
    item: String,
) -> std::result::Result<String, tonic::Status> {
    let reserved = stock.reserve(Item { name: item }).await?;
    Ok(reserved.into_inner().name)
}

async fn get_order(
    State(stock): State<StockClient<Calls>>,
    Path(item): Path<String>,
) -> std::result::Result<String, StatusCode> {
    order(stock, item)
        .await
        .map_err(|_| StatusCode::BAD_GATEWAY)
}

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = start_telemetry()?;
    let channel = connect("stock".to_owned(), &argument(1, "ADDRESS")?).await?;
    let app = Router::new()
        .route("/orders/{item}", get(get_order))
        .layer(ServerLayer::new())
        .with_state(StockClient::new(channel));
    serve_http(app, telemetry).await
}
