//! What `redis` holds. The driver tells nothing of its calls, so each has a span here, as it is usual with `tracing`.

use redis::aio::MultiplexedConnection;
use redis::{AsyncTypedCommands as _, RedisResult};
use tracer_runtime::traced;
use tracing::instrument;

/// Keeps the price of an order, and counts the orders.
#[traced(args(id))]
pub(crate) async fn remember(
    mut cache: MultiplexedConnection,
    id: i64,
    price: u32,
) -> RedisResult<()> {
    set(&mut cache, id, price).await?;
    count(&mut cache).await?;
    Ok(())
}

#[instrument(name = "SET", skip_all, err, fields(
    otel.kind = "client",
    db.system = "redis",
    db.operation = "SET",
    db.redis.database_index = 0,
    db.statement = "SET ? ?",
))]
async fn set(cache: &mut MultiplexedConnection, id: i64, price: u32) -> RedisResult<()> {
    cache.set(format!("order:{id}"), price).await
}

#[traced(name = "INCR", kind = client, fields(
    db.system.name = "redis",
    db.operation.name = "INCR",
    db.namespace = "0",
    db.query.text = "INCR ?",
))]
async fn count(cache: &mut MultiplexedConnection) -> RedisResult<isize> {
    cache.incr("orders", 1).await
}
