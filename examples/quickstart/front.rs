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

#[traced(server, fields(service = "front"))]
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
pub(crate) enum PaymentError {
    Declined,
    Busy,
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declined => "card declined",
            Self::Busy => "the bank is busy",
        })
    }
}

impl std::error::Error for PaymentError {}

/// Sometimes slow, sometimes fails, panics or hangs until it is cancelled.
#[traced(args(order))]
async fn charge(order: u64) -> Result<(), PaymentError> {
    count("charge", Fate::of_order(order));
    match ask_bank("first", order).await {
        Err(PaymentError::Busy) => ask_bank("second", order).await,
        answer => answer,
    }
}

#[traced(args(line))]
async fn ask_bank(line: &str, order: u64) -> Result<(), PaymentError> {
    let fate = match Fate::of_order(order) {
        // Before it hangs, one line is busy.
        Fate::Cancelled if line == "first" => {
            count("ask_bank", Fate::Error);
            return Err(PaymentError::Busy);
        }
        fate => fate,
    };
    count("ask_bank", fate);
    match fate {
        Fate::Ok if order % 50 == 3 => tokio::time::sleep(Duration::from_millis(12)).await,
        Fate::Ok => tokio::task::yield_now().await,
        Fate::Error => return Err(PaymentError::Declined),
        Fate::Panic => panic!("the card reader is on fire"),
        Fate::Cancelled => std::future::pending().await,
    }
    Ok(())
}
