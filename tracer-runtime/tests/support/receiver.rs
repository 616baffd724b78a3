//! A receiver of OTLP on a real socket, on a thread that tells no subscriber of what it does.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracing::subscriber::{NoSubscriber, set_default};

/// Takes spans and log records; metrics are refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receiver(Arc<Mutex<Received>>);

/// In the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) spans: Vec<Span>,
    pub(crate) logs: Vec<LogRecord>,
}

impl Receiver {
    /// Starts it; its URL.
    pub(crate) fn start(&self) -> String {
        let incoming = TcpListener::bind("127.0.0.1:0").unwrap();
        incoming.set_nonblocking(true).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let service = self.clone();
        std::thread::spawn(move || {
            let _nobody = set_default(NoSubscriber::new());
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(service.serve(incoming))
        });
        url
    }

    async fn serve(self, incoming: TcpListener) -> Result<(), tonic::transport::Error> {
        let incoming = tokio::net::TcpListener::from_std(incoming).unwrap();
        let gzip = CompressionEncoding::Gzip;
        Server::builder()
            .add_service(TraceServiceServer::new(self.clone()).accept_compressed(gzip))
            .add_service(LogsServiceServer::new(self).accept_compressed(gzip))
            .serve_with_incoming(TcpIncoming::from(incoming))
            .await
    }

    pub(crate) fn received(&self) -> MutexGuard<'_, Received> {
        self.0.lock().unwrap()
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        self.received().spans.extend(spans);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let resources = request.into_inner().resource_logs.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_logs);
        let logs = scopes.flat_map(|scope| scope.log_records);
        self.received().logs.extend(logs);
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}
