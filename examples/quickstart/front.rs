//! The HTTP front: takes an order, reserves stock over gRPC, charges the customer.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use futures_util::FutureExt as _;
use tonic::transport::Channel;
use tonic::{Response, Status};
use tracer_runtime::{checkpoint, record, traced};

use crate::counts::{Fate, count};
use crate::proto::stock_client::StockClient;
use crate::proto::{ReserveReply, ReserveRequest};

/// How long a payment may take.
const PAYMENT_TIMEOUT: Duration = Duration::from_millis(20);

#[traced(server)]
pub(crate) async fn create_order(
    State(stock): State<StockClient<Channel>>,
    request: Request<Body>,
) -> StatusCode {
    let order: u64 = request
        .uri()
        .path()
        .rsplit('/')
        .next()
        .and_then(|id| id.parse().ok())
        .unwrap_or(0);
    record("order", order);
    if reserve(stock, tonic::Request::new(ReserveRequest { order }))
        .await
        .is_err()
    {
        count("create_order", Fate::Error);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    checkpoint!("reserved");
    let payment = AssertUnwindSafe(charge(order)).catch_unwind();
    let (fate, status) = match tokio::time::timeout(PAYMENT_TIMEOUT, payment).await {
        Ok(Ok(Ok(()))) => (Fate::Ok, StatusCode::CREATED),
        Ok(Ok(Err(_declined))) => (Fate::Error, StatusCode::BAD_GATEWAY),
        Ok(Err(_panic)) => (Fate::Error, StatusCode::INTERNAL_SERVER_ERROR),
        Err(_elapsed) => (Fate::Error, StatusCode::GATEWAY_TIMEOUT),
    };
    count("create_order", fate);
    status
}

#[traced(client)]
async fn reserve(
    mut stock: StockClient<Channel>,
    request: tonic::Request<ReserveRequest>,
) -> Result<Response<ReserveReply>, Status> {
    let reply = stock.reserve_stock(request).await;
    count(
        "reserve",
        if reply.is_ok() { Fate::Ok } else { Fate::Error },
    );
    reply
}

#[derive(Debug)]
pub(crate) struct Declined;

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("card declined")
    }
}

impl std::error::Error for Declined {}

/// Sometimes slow, sometimes fails, panics or hangs until it is cancelled.
#[traced(args(order))]
async fn charge(order: u64) -> Result<(), Declined> {
    let fate = Fate::of_order(order);
    count("charge", fate);
    match fate {
        Fate::Ok if order % 50 == 3 => tokio::time::sleep(Duration::from_millis(5)).await,
        Fate::Ok => tokio::task::yield_now().await,
        Fate::Error => return Err(Declined),
        Fate::Panic => panic!("the card reader is on fire"),
        Fate::Cancelled => std::future::pending().await,
    }
    Ok(())
}
