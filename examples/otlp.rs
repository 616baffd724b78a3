//! Spans to any OpenTelemetry collector by OTLP/gRPC. To see both ends, this program is the collector as well.
//!
//! Run: `cargo run --example otlp`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracer_runtime::traced;

#[traced(args(id))]
async fn place_order(id: u64) -> Result<(), String> {
    charge().await
}

#[traced]
async fn charge() -> Result<(), String> {
    Err("card declined".to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (received, mut spans) = unbounded_channel();
    let server = Server::builder().add_service(TraceServiceServer::new(Receiver(received)));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    // `.with_otlp()` sends to where `OTEL_EXPORTER_OTLP_ENDPOINT` says, else to http://localhost:4317.
    let telemetry = tracer_runtime::builder()
        .with_service_name("shop")
        .with_otlp_endpoint(url)
        .init()?;
    let _ = place_order(7).await;
    // This receiver takes no metrics and says so. Shutting down waits: not on a thread that has other work.
    let shutdown = move || telemetry.shutdown(Duration::from_secs(10));
    if let Err(error) = tokio::task::spawn_blocking(shutdown).await? {
        println!("shutdown: {error}");
    }

    let mut arrived = Vec::new();
    while let Ok(span) = spans.try_recv() {
        println!("{} {:?}", span.name, span.status);
        arrived.push(span);
    }
    arrived.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let [charge, place_order] = &arrived[..] else {
        return Err(format!("{} spans arrived, not 2", arrived.len()).into());
    };
    assert_eq!(
        (&*charge.name, &*place_order.name),
        ("charge", "place_order")
    );
    assert_eq!(charge.parent_span_id, place_order.span_id);
    Ok(())
}

/// A collector in a few lines.
struct Receiver(UnboundedSender<Span>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let scopes = resources.into_iter().flat_map(|from| from.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            let _ = self.0.send(span);
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
