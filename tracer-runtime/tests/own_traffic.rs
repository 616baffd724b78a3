//! What the exporter's own crates say of an export is not exported: each export would make another one.
#![cfg(all(feature = "otlp", feature = "tracing"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tracer_runtime::traced;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The names of the spans that came.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

#[tonic::async_trait]
impl TraceService for Names {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let names = scopes.flat_map(|scope| scope.spans).map(|span| span.name);
        self.0.lock().unwrap().extend(names);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Outside of this process' subscriber: on a thread that tells nobody of what it does.
fn receive(names: Names) -> String {
    let incoming = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    incoming.set_nonblocking(true).unwrap();
    let url = format!("http://{}", incoming.local_addr().unwrap());
    std::thread::spawn(move || {
        let _nobody = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let incoming = tokio::net::TcpListener::from_std(incoming).unwrap();
            let service =
                TraceServiceServer::new(names).accept_compressed(CompressionEncoding::Gzip);
            Server::builder()
                .add_service(service)
                .serve_with_incoming(TcpIncoming::from(incoming))
                .await
        })
    });
    url
}

#[traced]
fn work() {
    tracing::trace_span!("of a crate").in_scope(|| {});
}

#[test]
fn an_export_causes_no_other() {
    let names = Names::default();
    tracing_subscriber::registry()
        .with(tracer_runtime::tracing_layer())
        .init();
    let telemetry = tracer_runtime::builder()
        .with_otlp_endpoint(receive(names.clone()))
        .init()
        .unwrap();
    for _ in 0..3 {
        work();
        // Metrics have no receiver.
        let _ = telemetry.flush(Duration::from_secs(10));
    }
    let _ = telemetry.shutdown(Duration::from_secs(10));
    let mut names = names.0.lock().unwrap().clone();
    names.sort();
    let expected = ["of a crate"; 3].into_iter().chain(["work"; 3]);
    assert!(expected.eq(names.iter().map(String::as_str)), "{names:?}");
}
