//! usage: `citizen POSTGRES REDIS`, two URLs. A shop as people have it: axum, `sqlx`, `redis`, a crate that knows the API of
//! OpenTelemetry alone, functions under `#[instrument]` and under `#[traced]`, and one subscriber for all of them.
//!
//! `POST /orders/{id}` places an order, `GET /wait` waits in the database until the caller is gone. It logs in JSON on
//! standard output and as text on standard error, and ends with its input.

mod cache;
mod logs;
mod orders;
mod pricing;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use redis::aio::MultiplexedConnection;
use sqlx::PgPool;
use tracer_e2e_services::{Result, argument, serve_http, start_telemetry};
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::traced;

#[derive(Clone)]
struct Shop {
    database: PgPool,
    cache: MultiplexedConnection,
}

#[traced(args(id))]
async fn place(shop: Shop, id: i64) -> std::result::Result<u32, sqlx::Error> {
    let price = pricing::price("teapot", discount(10)).await;
    orders::reserve(&shop.database, id, price).await?;
    // A task of its own is a part of the request all the same.
    let remembered = tracer_runtime::spawn(cache::remember(shop.cache, id, price));
    if !matches!(remembered.await, Ok(Ok(()))) {
        tracing::warn!(order = id, "not remembered");
    }
    tracing::info!(order = id, price, "order placed");
    Ok(price)
}

#[traced]
async fn discount(percent: u32) -> u32 {
    tokio::task::yield_now().await;
    percent
}

async fn post_order(
    State(shop): State<Shop>,
    Path(id): Path<i64>,
) -> std::result::Result<String, StatusCode> {
    let price = place(shop, id).await;
    price
        .map(|price| price.to_string())
        .map_err(|error| orders::status(&error))
}

async fn get_wait(State(shop): State<Shop>) -> StatusCode {
    match orders::wait(&shop.database).await {
        Ok(()) => StatusCode::OK,
        Err(error) => orders::status(&error),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    logs::start();
    let telemetry = start_telemetry()?;
    let shop = Shop {
        database: PgPool::connect(&argument(1, "POSTGRES")?).await?,
        cache: redis::Client::open(argument(2, "REDIS")?)?
            .get_multiplexed_async_connection()
            .await?,
    };
    orders::prepare(&shop.database).await?;
    let app = Router::new()
        .route("/orders/{id}", post(post_order))
        .route("/wait", get(get_wait))
        .layer(ServerLayer::new())
        .with_state(shop);
    tracing::info!("ready");
    serve_http(app, telemetry).await
}
