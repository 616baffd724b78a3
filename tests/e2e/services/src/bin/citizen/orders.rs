//! The orders in PostgreSQL. `sqlx` tells of a statement by an event when it is over; the span around it is ours.

use axum::http::StatusCode;
use sqlx::{PgPool, Result};
use tracer_runtime::traced;
use tracing::instrument;

const INSERT: &str = "INSERT INTO orders (id, price) VALUES ($1, $2)";
const WAIT: &str = "SELECT pg_sleep(600)";
const UNIQUE_VIOLATION: &str = "23505";

/// The table, unless it is there.
pub(crate) async fn prepare(database: &PgPool) -> Result<()> {
    let table = "CREATE TABLE IF NOT EXISTS orders (id BIGINT PRIMARY KEY, price BIGINT NOT NULL)";
    sqlx::query(table).execute(database).await.map(drop)
}

/// Fails for an order that is there.
#[instrument(skip(database), err)]
pub(crate) async fn reserve(database: &PgPool, id: i64, price: u32) -> Result<()> {
    tracing::info!("reserving");
    insert(database, id, price).await
}

#[traced(name = "INSERT orders", kind = client, fields(
    db.system.name = "postgresql",
    db.operation.name = "INSERT",
    db.collection.name = "orders",
    db.query.text = INSERT,
))]
async fn insert(database: &PgPool, id: i64, price: u32) -> Result<()> {
    let inserted = sqlx::query(INSERT)
        .bind(id)
        .bind(i64::from(price))
        .execute(database)
        .await;
    inserted.map(drop).inspect_err(record_code)
}

/// Longer than anybody waits for the answer.
#[traced]
pub(crate) async fn wait(database: &PgPool) -> Result<()> {
    tracing::info!("waiting");
    sleep(database).await
}

#[traced(name = "SELECT", kind = client, fields(
    db.system.name = "postgresql",
    db.operation.name = "SELECT",
    db.query.text = WAIT,
))]
async fn sleep(database: &PgPool) -> Result<()> {
    sqlx::query(WAIT).execute(database).await.map(drop)
}

fn code(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

fn record_code(error: &sqlx::Error) {
    if let Some(code) = code(error) {
        tracer_runtime::record("db.response.status_code", code);
    }
}

/// What the caller is told.
pub(crate) fn status(error: &sqlx::Error) -> StatusCode {
    match code(error).as_deref() {
        Some(UNIQUE_VIOLATION) => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
