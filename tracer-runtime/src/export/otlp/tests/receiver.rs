//! A receiver of OTLP on a real socket, in this process, that does what its script says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;
use tokio::runtime::Runtime;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

use crate::export::otlp::retry::tests::retry_info;

/// What the receiver does with a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    Ok,
    /// Takes it, except for so many spans, of which the first ones are meant.
    Reject(i64),
    Refuse(Code),
    /// Refuses it and says when it would not.
    RefuseFor(Code, Duration),
    Never,
}

/// From the number of the request, 0 for the first, to the answer.
type Script = dyn Fn(usize) -> Answer + Send + Sync;

/// A request of spans, whatever its answer.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) ids: Vec<u64>,
    pub(super) bytes: usize,
    pub(super) headers: MetadataMap,
    pub(super) at: std::time::Instant,
}

#[derive(Default)]
pub(super) struct Record {
    pub(super) requests: Vec<Seen>,
    /// Ids of the spans of requests that were answered well, in order of arrival.
    pub(super) taken: Vec<u64>,
    pub(super) metrics: Vec<ExportMetricsServiceRequest>,
    pub(super) logs: Vec<LogRecord>,
    /// Events of the spans that came, by name.
    pub(super) span_events: Vec<String>,
    /// The refusal of metrics, which the script is not about.
    pub(super) metrics_answer: Option<Code>,
}

pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    record: Arc<Mutex<Record>>,
    runtime: Option<Runtime>,
}

#[derive(Clone)]
struct Service {
    script: Arc<Script>,
    record: Arc<Mutex<Record>>,
}

impl Receiver {
    /// On any free port.
    pub(super) fn start(script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address"), script)
    }

    pub(super) fn start_at(
        address: SocketAddr,
        script: impl Fn(usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let record = Arc::new(Mutex::new(Record::default()));
        let service = Service {
            script: Arc::new(script),
            record: record.clone(),
        };
        let within = runtime.enter();
        let incoming = TcpIncoming::bind(address).expect("the port is free");
        let address = incoming.local_addr().expect("an address");
        let traces = TraceServiceServer::new(service.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(4 * 1024 * 1024);
        let server = Server::builder()
            .add_service(traces)
            .add_service(MetricsServiceServer::new(service.clone()))
            .add_service(LogsServiceServer::new(service))
            .serve_with_incoming(incoming);
        tokio::spawn(server);
        drop(within);
        Self {
            address,
            record,
            runtime: Some(runtime),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Record) -> T) -> T {
        read(&self.record.lock().expect("no test panics while it reads"))
    }

    pub(super) fn refuse_metrics(&self, code: Code) {
        let mut record = self.record.lock().expect("no test panics while it reads");
        record.metrics_answer = Some(code);
    }

    /// Ids that were taken, sorted; one that was taken twice is there twice.
    pub(super) fn taken(&self) -> Vec<u64> {
        let mut ids = self.read(|record| record.taken.clone());
        ids.sort_unstable();
        ids
    }

    pub(super) fn requests(&self) -> Vec<Seen> {
        self.read(|record| record.requests.clone())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

fn ids(request: &ExportTraceServiceRequest) -> Vec<u64> {
    let groups = request.resource_spans.iter();
    let spans = groups.flat_map(|g| &g.scope_spans).flat_map(|s| &s.spans);
    spans
        .map(|span| u64::from_be_bytes(span.span_id.as_slice().try_into().expect("8 bytes")))
        .collect()
}

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let headers = request.metadata().clone();
        let request = request.into_inner();
        let ids = ids(&request);
        let number = {
            let mut record = self.record.lock().expect("no test panics while it reads");
            let groups = request.resource_spans.iter();
            let spans = groups.flat_map(|g| &g.scope_spans).flat_map(|s| &s.spans);
            let events = spans.flat_map(|span| &span.events);
            record
                .span_events
                .extend(events.map(|event| event.name.clone()));
            record.requests.push(Seen {
                ids: ids.clone(),
                bytes: request.encoded_len(),
                headers,
                at: std::time::Instant::now(),
            });
            record.requests.len() - 1
        };
        let take = |from: usize| {
            let mut record = self.record.lock().expect("no test panics while it reads");
            record.taken.extend(ids.get(from..).unwrap_or_default());
        };
        match (self.script)(number) {
            Answer::Ok => {
                take(0);
                Ok(Response::new(ExportTraceServiceResponse::default()))
            }
            Answer::Reject(spans) => {
                take(spans as usize);
                Ok(Response::new(ExportTraceServiceResponse {
                    partial_success: Some(ExportTracePartialSuccess {
                        rejected_spans: spans,
                        error_message: "too old".into(),
                    }),
                }))
            }
            Answer::Refuse(code) => Err(Status::new(code, "by the script")),
            Answer::RefuseFor(code, delay) => Err(Status::with_details(
                code,
                "by the script",
                retry_info(delay).into(),
            )),
            Answer::Never => std::future::pending().await,
        }
    }
}

#[tonic::async_trait]
impl MetricsService for Service {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut record = self.record.lock().expect("no test panics while it reads");
        record.metrics.push(request.into_inner());
        match record.metrics_answer {
            None => Ok(Response::new(ExportMetricsServiceResponse::default())),
            Some(code) => Err(Status::new(code, "by the test")),
        }
    }
}

#[tonic::async_trait]
impl LogsService for Service {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let mut record = self.record.lock().expect("no test panics while it reads");
        let groups = request.into_inner().resource_logs.into_iter();
        let logs = groups
            .flat_map(|g| g.scope_logs)
            .flat_map(|s| s.log_records);
        record.logs.extend(logs);
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}
