//! A unary call of tonic over a loopback socket: CPU time of both sides, bare, with our layers, with the peer's.
//!
//! Client and server share one thread, so that its CPU time is all that a call costs. Everything is on: spans, metrics,
//! events, W3C trace context. The peer has the OpenTelemetry SDK behind it, in batches to an exporter that does nothing.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tonic::transport::{Channel, Server};
use tonic_tracing_opentelemetry::middleware::{client, server};
use tower::{Layer, ServiceBuilder};
use tracer_runtime::integrations::tower::{ClientLayer, ServerLayer};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::cpu::cpu_ns;
use crate::ratio;
use crate::service::{Reserve, ask, connect, incoming};

/// Calls of one sample.
const BATCH: usize = 200;
/// Samples of each kind.
const SAMPLES: usize = 150;

/// Spans that the peer has exported.
static EXPORTED: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        EXPORTED.fetch_add(batch.len(), Relaxed);
        drop(std::hint::black_box(batch));
        Ok(())
    }
}

/// What the peer's layers write to.
fn init_peer() -> SdkTracerProvider {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Discard)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("rpc"));
    // The peer's spans have a level that few programs let through: its documentation has this exception.
    let filter = Targets::new()
        .with_default(Level::INFO)
        .with_target("otel::tracing", Level::TRACE);
    let subscriber = tracing_subscriber::registry().with(filter).with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    provider
}

async fn bare() -> Channel {
    let (url, incoming) = incoming().await;
    tokio::spawn(
        Server::builder()
            .add_service(Reserve)
            .serve_with_incoming(incoming),
    );
    connect(url).await
}

async fn ours() -> Channel {
    let (url, incoming) = incoming().await;
    let server = Server::builder()
        .layer(ServerLayer::new())
        .add_service(Reserve);
    tokio::spawn(server.serve_with_incoming(incoming));
    connect(url).await
}

async fn peers() -> Channel {
    let (url, incoming) = incoming().await;
    let server = Server::builder()
        .layer(server::OtelGrpcLayer::default())
        .add_service(Reserve);
    tokio::spawn(server.serve_with_incoming(incoming));
    connect(url).await
}

pub(crate) fn run() {
    let telemetry = tracer_runtime::builder()
        .with_discarding_exporter()
        .init()
        .unwrap();
    let peer = init_peer();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let medians = runtime.block_on(measure());
    let [bare, ours, peers] = medians;
    println!("CPU a call, both sides: bare {bare:.2} us, ours {ours:.2} us, peer {peers:.2} us");
    ratio("rpc_added_us", ours - bare);
    ratio("rpc_added/peer_added", (ours - bare) / (peers - bare));
    peer.force_flush().unwrap();
    assert!(EXPORTED.load(Relaxed) > 0, "the peer has recorded nothing");
    let _ = telemetry;
}

/// Ten thousand calls, with our layers or without.
pub(crate) fn only(is_ours: bool) {
    let telemetry = tracer_runtime::builder()
        .with_discarding_exporter()
        .init()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cpu = runtime.block_on(async {
        let mut bare = tonic::client::Grpc::new(bare().await);
        let layers = ServiceBuilder::new().layer(ClientLayer::new());
        let mut ours = tonic::client::Grpc::new(layers.service(ours().await));
        let before = cpu_ns();
        for _ in 0..10_000 {
            match is_ours {
                true => ask(&mut ours).await,
                false => ask(&mut bare).await,
            }
        }
        cpu_ns() - before
    });
    println!("CPU a call: {:.2} us", cpu as f64 / 10_000.0 / 1_000.0);
    let _ = telemetry;
}

/// Medians in microseconds.
async fn measure() -> [f64; 3] {
    let mut bare = tonic::client::Grpc::new(bare().await);
    let mut ours = tonic::client::Grpc::new(
        ServiceBuilder::new()
            .layer(ClientLayer::new())
            .service(ours().await),
    );
    let mut peers = tonic::client::Grpc::new(client::OtelGrpcLayer.layer(peers().await));
    let mut samples: [Vec<f64>; 3] = Default::default();
    for round in 0..SAMPLES + 20 {
        // Each in turn, so that a change of the machine's pace is everybody's.
        let mut sample = [0.0; 3];
        for turn in 0..3 {
            let which = (round + turn) % 3;
            let before = cpu_ns();
            for _ in 0..BATCH {
                match which {
                    0 => ask(&mut bare).await,
                    1 => ask(&mut ours).await,
                    _ => ask(&mut peers).await,
                }
            }
            sample[which] = (cpu_ns() - before) as f64 / BATCH as f64 / 1_000.0;
        }
        if round >= 20 {
            samples
                .iter_mut()
                .zip(sample)
                .for_each(|(all, one)| all.push(one));
        }
    }
    samples.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    })
}
