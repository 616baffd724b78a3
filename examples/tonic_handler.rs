//! A gRPC service and its client: one attribute on each side, and one trace over the socket. Which statuses are errors
//! depends on the side, as the conventions of OpenTelemetry say.
//!
//! Run: `cargo run --example tonic_handler`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tracer_runtime::{testing, traced};

use proto::stock_client::StockClient;
use proto::stock_server::{Stock, StockServer};
use proto::{ReserveReply, ReserveRequest};

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod proto {
    tonic::include_proto!("shop");
}

struct Warehouse;

#[tonic::async_trait]
impl Stock for Warehouse {
    // `tonic::Request` carries the caller's context in its metadata.
    #[traced(server)]
    async fn reserve_stock(
        &self,
        request: Request<ReserveRequest>,
    ) -> Result<Response<ReserveReply>, Status> {
        tracer_runtime::record("order", request.get_ref().order);
        match request.get_ref().order {
            7 => Ok(Response::new(ReserveReply {
                warehouse: "north".to_owned(),
            })),
            8 => Err(Status::not_found("no such order")),
            _ => Err(Status::internal("the roof is gone")),
        }
    }
}

#[traced(client)]
async fn reserve(
    mut stock: StockClient<Channel>,
    request: Request<ReserveRequest>,
) -> Result<Response<ReserveReply>, Status> {
    stock.reserve_stock(request).await
}

#[traced]
async fn day(stock: StockClient<Channel>) {
    for order in [7, 8, 9] {
        // What went wrong is in the trace.
        let _ = reserve(stock.clone(), Request::new(ReserveRequest { order })).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = Server::builder().add_service(StockServer::new(Warehouse));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let stock = StockClient::connect(url).await?;

    let capture = testing::capture();
    capture.run(day(stock)).await;
    let tree = capture.tree();
    print!("{tree}");
    // The client is told that there is no such order; for the server that is a good answer.
    assert_eq!(
        tree,
        "\
day [ok]
  reserve [ok]
    reserve_stock [ok] {order=7}
  reserve [error: no such order]
    reserve_stock [ok] {order=8}
  reserve [error: the roof is gone]
    reserve_stock [error: the roof is gone] {order=9}
"
    );
    Ok(())
}
