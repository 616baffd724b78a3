//! Events of `tracing` and our own as OTLP log records, each with the ids of its span. To see both ends, this program is
//! the collector as well.
//!
//! Run: `cargo run --example otlp_logs`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracer_runtime::{SpanId, current_ids, event, traced, tracing_layer};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The id of its span.
#[traced]
fn place_order(id: u64) -> Option<SpanId> {
    tracing::info!(id, "order placed");
    event!("stock.low", left = 2);
    tracing::debug!("not interesting enough");
    current_ids().map(|ids| ids.span_id)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (received, mut records) = unbounded_channel();
    let server = Server::builder().add_service(LogsServiceServer::new(Receiver(received)));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    // The filter is that of the layer: for spans of other crates and for events.
    tracing_subscriber::registry()
        .with(tracing_layer().with_filter(LevelFilter::INFO))
        .init();
    // The same by the environment: OTEL_LOGS_EXPORTER=otlp.
    let telemetry = tracer_runtime::builder()
        .with_otlp_endpoint(url)
        .with_otlp_logs()
        .init()?;
    tracing::warn!("open for business");
    let span = place_order(7).unwrap_or_default();
    // This receiver takes nothing but logs and says so. Shutting down waits: not on a thread that has other work.
    let shutdown = move || telemetry.shutdown(Duration::from_secs(10));
    if let Err(error) = tokio::task::spawn_blocking(shutdown).await? {
        println!("shutdown: {error}");
    }

    let mut arrived = Vec::new();
    while let Ok(record) = records.try_recv() {
        println!("{} {:?}", record.severity_text, record.body);
        arrived.push((record.severity_text, record.event_name, record.span_id));
    }
    let row = |severity: &str, name: &str, span: &[u8]| {
        (severity.to_owned(), name.to_owned(), span.to_vec())
    };
    let span = span.to_bytes();
    let expected = [
        row("WARN", "", &[]),
        row("INFO", "", &span),
        row("INFO", "stock.low", &span),
    ];
    assert_eq!(arrived, expected);
    Ok(())
}

/// A collector in a few lines.
struct Receiver(UnboundedSender<LogRecord>);

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let resources = request.into_inner().resource_logs;
        let scopes = resources.into_iter().flat_map(|from| from.scope_logs);
        for record in scopes.flat_map(|scope| scope.log_records) {
            let _ = self.0.send(record);
        }
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}
