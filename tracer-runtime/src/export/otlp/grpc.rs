//! One unary call of the collector's protocol over plain-text gRPC.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlpgrpc>

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use prost::bytes::{BufMut, Bytes};
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::retry::{Verdict, judge};
use super::settings::{Compression, ReceiverSettings};
use crate::export::SetupError;

pub(super) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(super) const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
pub(super) const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// What the receiver says to a request that it understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) rejected: u64,
    pub(super) message: String,
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttemptError {
    pub(super) cause: String,
    pub(super) verdict: Verdict,
}

/// A connection to a receiver, made when it is first needed and made again when it is lost.
#[derive(Debug)]
pub(super) struct Client {
    endpoint: Endpoint,
    channel: Mutex<Channel>,
    path: PathAndQuery,
    headers: MetadataMap,
    compression: Compression,
    timeout: Option<Duration>,
}

impl Client {
    /// Must be called within the runtime that will drive it.
    ///
    /// # Errors
    ///
    /// The setting cannot be used.
    pub(super) fn new(path: &'static str, settings: &ReceiverSettings) -> Result<Self, SetupError> {
        let mut endpoint = endpoint(settings)?;
        if let Some(timeout) = settings.timeout {
            endpoint = endpoint.connect_timeout(timeout);
        }
        Ok(Self {
            channel: Mutex::new(endpoint.connect_lazy()),
            endpoint,
            path: PathAndQuery::from_static(path),
            headers: headers(settings)?,
            compression: settings.compression,
            timeout: settings.timeout,
        })
    }

    /// One attempt.
    pub(super) async fn send(&self, body: Bytes) -> Result<Receipt, AttemptError> {
        let call = self.call(body);
        let Some(timeout) = self.timeout else {
            return call.await;
        };
        match tokio::time::timeout(timeout, call).await {
            Ok(result) => result,
            Err(_) => {
                // Nobody answers: the connection may be dead without having been closed.
                self.reconnect();
                Err(AttemptError {
                    cause: format!("no answer within {timeout:?}"),
                    verdict: Verdict::Retry { not_before: None },
                })
            }
        }
    }

    async fn call(&self, body: Bytes) -> Result<Receipt, AttemptError> {
        let mut grpc = Grpc::new(self.channel());
        if self.compression == Compression::Gzip {
            grpc = grpc
                .send_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Gzip);
        }
        grpc.ready().await.map_err(|e| unreachable_receiver(&e))?;
        let mut request = Request::new(body);
        *request.metadata_mut() = self.headers.clone();
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        let answer = grpc.unary(request, self.path.clone(), EncodedCodec).await;
        match answer {
            Ok(response) => Ok(receipt(response.into_inner())),
            Err(status) => Err(refused(&status)),
        }
    }

    fn channel(&self) -> Channel {
        self.lock().clone()
    }

    fn reconnect(&self) {
        *self.lock() = self.endpoint.connect_lazy();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Channel> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn endpoint(settings: &ReceiverSettings) -> Result<Endpoint, SetupError> {
    let url = &settings.endpoint;
    let error = |problem: String| SetupError {
        setting: url.setting,
        value: url.value.clone(),
        problem,
    };
    const EXPECTED: &str = "expected a URL such as http://localhost:4317";
    let uri: http::Uri = url
        .value
        .parse()
        .map_err(|e| error(format!("{e}; {EXPECTED}")))?;
    match (uri.scheme_str(), uri.authority()) {
        (Some("http"), Some(_)) => {}
        (Some("https"), _) => {
            return Err(error(
                "TLS is not built in; use http:// and a collector on this host or a proxy that adds TLS".into(),
            ));
        }
        _ => return Err(error(EXPECTED.into())),
    }
    let agent = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));
    Endpoint::from(uri)
        .user_agent(agent)
        .map_err(|e| error(e.to_string()))
}

/// The values may be secrets: they are never part of an error.
fn headers(settings: &ReceiverSettings) -> Result<MetadataMap, SetupError> {
    let mut map = MetadataMap::with_capacity(settings.headers.pairs.len());
    for (name, value) in &settings.headers.pairs {
        let error = |problem: &str| SetupError {
            setting: settings.headers.setting,
            value: name.clone(),
            problem: problem.to_owned(),
        };
        let key = AsciiMetadataKey::from_bytes(name.to_ascii_lowercase().as_bytes())
            .map_err(|_| error("expected the name of an HTTP header"))?;
        let value = AsciiMetadataValue::try_from(value.as_str()).map_err(|_| {
            error("the value of this header has characters that HTTP does not allow")
        })?;
        map.insert(key, value);
    }
    Ok(map)
}

fn receipt(response: ExportTraceServiceResponse) -> Receipt {
    let partial = response.partial_success.unwrap_or_default();
    Receipt {
        rejected: partial.rejected_spans.try_into().unwrap_or(0),
        message: partial.error_message,
    }
}

fn unreachable_receiver(error: &dyn Error) -> AttemptError {
    AttemptError {
        cause: chain(error),
        verdict: Verdict::Retry { not_before: None },
    }
}

fn refused(status: &Status) -> AttemptError {
    // A status with a source was made here: the connection failed, the receiver said nothing.
    if let Some(source) = status.source() {
        return unreachable_receiver(source);
    }
    let cause = match status.message() {
        "" => format!("{:?}", status.code()),
        message => format!("{:?}: {message}", status.code()),
    };
    AttemptError {
        cause,
        verdict: judge(status.code(), status.details()),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

/// Sends a request that is encoded already.
///
/// The answers to spans and to metrics differ in the names of their fields only, so one type reads both.
#[derive(Debug)]
struct EncodedCodec;

impl Codec for EncodedCodec {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for EncodedCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, body: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(body.len());
        out.put(body);
        Ok(())
    }
}

impl Decoder for EncodedCodec {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn decode(&mut self, body: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        match ExportTraceServiceResponse::decode(body) {
            Ok(response) => Ok(Some(response)),
            Err(error) => Err(Status::new(Code::Internal, error.to_string())),
        }
    }
}
