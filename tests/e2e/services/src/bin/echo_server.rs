//! The gRPC service that the Kitex server is, in Rust.

use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracer_e2e_services::echo::Words;
use tracer_e2e_services::echo::echo_server::{Echo, EchoServer};
use tracer_e2e_services::{
    Result, listen, record_tenant, start_telemetry, stop_telemetry, until_closed,
};
use tracer_runtime::integrations::tower::ServerLayer;

struct Service;

#[tonic::async_trait]
impl Echo for Service {
    async fn say(&self, request: Request<Words>) -> std::result::Result<Response<Words>, Status> {
        record_tenant();
        Ok(Response::new(request.into_inner()))
    }

    async fn fail(&self, _request: Request<Words>) -> std::result::Result<Response<Words>, Status> {
        Err(Status::internal("boom"))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let telemetry = start_telemetry()?;
    let listener = listen().await?;
    Server::builder()
        .layer(ServerLayer::new())
        .add_service(EchoServer::new(Service))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), until_closed())
        .await?;
    stop_telemetry(telemetry);
    Ok(())
}
