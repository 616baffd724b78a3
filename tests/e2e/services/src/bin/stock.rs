//! usage: `stock SERVICE ADDRESS`. Reserves what the echo service has said.

use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracer_e2e_services::echo::Words;
use tracer_e2e_services::echo::echo_client::EchoClient;
use tracer_e2e_services::shop::Item;
use tracer_e2e_services::shop::stock_server::{Stock, StockServer};
use tracer_e2e_services::{
    Calls, Result, argument, connect, listen, record_tenant, start_telemetry, stop_telemetry,
    until_closed,
};
use tracer_runtime::integrations::tower::ServerLayer;

struct Shelves {
    echo: EchoClient<Calls>,
}

#[tonic::async_trait]
impl Stock for Shelves {
    async fn reserve(&self, request: Request<Item>) -> std::result::Result<Response<Item>, Status> {
        record_tenant();
        let text = request.into_inner().name;
        let said = self.echo.clone().say(Words { text }).await?;
        Ok(Response::new(Item {
            name: said.into_inner().text,
        }))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = start_telemetry()?;
    let echo = connect(argument(1, "SERVICE")?, &argument(2, "ADDRESS")?).await?;
    let shelves = Shelves {
        echo: EchoClient::new(echo),
    };
    let listener = listen().await?;
    Server::builder()
        .layer(ServerLayer::new())
        .add_service(StockServer::new(shelves))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), until_closed())
        .await?;
    stop_telemetry(telemetry);
    Ok(())
}
