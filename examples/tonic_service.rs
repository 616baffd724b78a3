//! A gRPC service and its client behind layers: a call of any kind is one span on each side, from its first byte to its
//! last message, with the status of its trailers and every message counted.
//!
//! Run: `cargo run --example tonic_service`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};
use tower::ServiceBuilder;
use tracer_runtime::integrations::tower::{ClientLayer, ClientService, ServerLayer};
use tracer_runtime::testing;

use proto::orders_client::OrdersClient;
use proto::orders_server::{Orders, OrdersServer};
use proto::{Order, Receipt, Step};

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

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

struct Desk;

#[tonic::async_trait]
impl Orders for Desk {
    async fn place(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
        match request.get_ref().cents {
            0 => Err(Status::invalid_argument("nothing is free")),
            cents => Ok(Response::new(Receipt { cents })),
        }
    }

    type FollowStream = Answers<Step>;

    async fn follow(&self, _request: Request<Order>) -> Result<Response<Answers<Step>>, Status> {
        let steps = ["packed", "sent"].map(|name| {
            Ok(Step {
                name: name.to_owned(),
            })
        });
        let lost = [Err(Status::data_loss("the parcel is gone"))];
        Ok(Response::new(Box::pin(stream::iter(
            steps.into_iter().chain(lost),
        ))))
    }

    async fn import(
        &self,
        request: Request<Streaming<Order>>,
    ) -> Result<Response<Receipt>, Status> {
        let cents = request.into_inner().map_ok(|order| order.cents);
        let cents = cents
            .try_fold(0, |sum, cents| async move { Ok(sum + cents) })
            .await?;
        Ok(Response::new(Receipt { cents }))
    }

    type NegotiateStream = Answers<Receipt>;

    async fn negotiate(
        &self,
        request: Request<Streaming<Order>>,
    ) -> Result<Response<Answers<Receipt>>, Status> {
        let offers = request.into_inner().map_ok(|order| Receipt {
            cents: order.cents / 2,
        });
        Ok(Response::new(Box::pin(offers)))
    }
}

type Client = OrdersClient<ClientService<Channel>>;

async fn day(mut orders: Client) -> Result<(), Status> {
    let order = |cents| Order { id: 7, cents };
    orders.place(order(250)).await?;
    // What went wrong is in the trace.
    let _ = orders.place(order(0)).await;
    let steps = orders.follow(order(250)).await?.into_inner();
    println!(
        "{} steps",
        steps
            .filter(|step| std::future::ready(step.is_ok()))
            .count()
            .await
    );
    let sum = orders
        .import(stream::iter([order(1), order(2), order(3)]))
        .await?;
    println!("{} cents", sum.get_ref().cents);
    let offers = orders
        .negotiate(stream::iter([order(10), order(20)]))
        .await?
        .into_inner();
    println!(
        "{:?}",
        offers
            .map_ok(|offer| offer.cents)
            .try_collect::<Vec<_>>()
            .await?
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = Server::builder()
        .layer(ServerLayer::new())
        .add_service(OrdersServer::new(Desk));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let channel = Endpoint::from_shared(url)?.connect().await?;
    let channel = ServiceBuilder::new()
        .layer(ClientLayer::new())
        .service(channel);
    let capture = testing::capture();
    capture.run(day(OrdersClient::new(channel))).await?;
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        "\
shop.Orders/Place [ok]
  shop.Orders/Place [ok]
shop.Orders/Place [error: nothing is free]
  shop.Orders/Place [ok]
shop.Orders/Follow [error: the parcel is gone]
  shop.Orders/Follow [error: the parcel is gone]
shop.Orders/Import [ok]
  shop.Orders/Import [ok]
shop.Orders/Negotiate [ok]
  shop.Orders/Negotiate [ok]
"
    );
    for span in capture.spans() {
        let messages = |key| {
            span.attribute(key)
                .map_or_else(String::new, ToString::to_string)
        };
        let (sent, answered) = (
            messages("rpc.request.messages"),
            messages("rpc.response.messages"),
        );
        println!("{:?} {}: {sent} -> {answered}", span.kind(), span.name());
    }
    Ok(())
}
