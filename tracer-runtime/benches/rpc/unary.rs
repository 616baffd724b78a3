//! A unary call of tonic over a loopback socket: CPU time of both sides, bare, with our layers, with the peer's.
//!
//! Client and server share one thread; what other threads do for a call, such as its export, is counted with it. Everything
//! is on: spans, metrics, events, W3C trace context. The peer has the OpenTelemetry SDK behind it, in batches to an exporter that does nothing.
//! Neither shows its spans to `opentelemetry::Context::current()`, which nobody reads here.
//!
//! Where the time goes is told by the other kinds: a header that the client writes by hand, without any tracing, is what
//! HTTP/2 takes for it; then one side with our layer and the other without.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Request};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::transport::{Channel, Server};
use tonic_tracing_opentelemetry::middleware::{client, server};
use tower::Layer;
use tracer_runtime::OtelContext;
use tracer_runtime::integrations::tower::{ClientLayer, ClientService, ServerLayer};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::cpu::{Spent, all_cpu_ns};
use crate::service::{Reserve, ask, connect, incoming};
use crate::{allocations, ratio};

/// Calls of one sample.
const BATCH: usize = 100;
const ROUNDS: usize = 300;

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
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("rpc"))
        .with_context_activation(false);
    // The peer's spans have a level that few programs let through. Nothing else gets there: a subscriber sees our spans,
    // too, and would make them a second time.
    let filter = Targets::new().with_target("otel::tracing", Level::TRACE);
    let subscriber = tracing_subscriber::registry().with(filter).with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    provider
}

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bare,
    Header,
    Client,
    Server,
    Ours,
    Peer,
}

const KINDS: [(Kind, &str); 6] = [
    (Kind::Bare, "bare"),
    (Kind::Header, "a header by hand"),
    (Kind::Client, "our client alone"),
    (Kind::Server, "our server alone"),
    (Kind::Ours, "ours"),
    (Kind::Peer, "peer"),
];

/// Writes a header as long as ours, another one each time.
#[derive(Debug, Clone)]
struct ByHand<S>(S);

impl<S: tower::Service<Request<Body>>> tower::Service<Request<Body>> for ByHand<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        static CALLS: AtomicUsize = AtomicUsize::new(1);
        let n = CALLS
            .fetch_add(1, Relaxed)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let text = format!("00-{n:016x}{n:016x}-{n:016x}-01");
        let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).unwrap();
        value.set_sensitive(true);
        request.headers_mut().insert("traceparent", value);
        self.0.call(request)
    }
}

/// A client of each kind, each with a connection and a server of its own.
struct Clients {
    bare: Grpc<Channel>,
    header: Grpc<ByHand<Channel>>,
    client: Grpc<ClientService<Channel>>,
    server: Grpc<ByHand<Channel>>,
    ours: Grpc<ClientService<Channel>>,
    peer: Grpc<client::OtelGrpcService<Channel>>,
}

impl Clients {
    async fn new() -> Self {
        Self {
            bare: Grpc::new(bare().await),
            header: Grpc::new(ByHand(bare().await)),
            client: Grpc::new(ClientLayer::new().layer(bare().await)),
            server: Grpc::new(ByHand(ours().await)),
            ours: Grpc::new(ClientLayer::new().layer(ours().await)),
            peer: Grpc::new(client::OtelGrpcLayer.layer(peers().await)),
        }
    }

    async fn ask(&mut self, kind: Kind, calls: usize) {
        for _ in 0..calls {
            match kind {
                Kind::Bare => ask(&mut self.bare).await,
                Kind::Header => ask(&mut self.header).await,
                Kind::Client => ask(&mut self.client).await,
                Kind::Server => ask(&mut self.server).await,
                Kind::Ours => ask(&mut self.ours).await,
                Kind::Peer => ask(&mut self.peer).await,
            }
        }
    }
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

fn init_ours() -> tracer_runtime::Telemetry {
    let builder = tracer_runtime::builder().with_discarding_exporter();
    builder.with_otel_context(OtelContext::Off).init().unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

pub(crate) fn run() {
    let sides = Sides {
        ours: init_ours(),
        peer: init_peer(),
    };
    let [bare, _, _, _, ours, peers] = runtime().block_on(measure(&sides));
    println!("CPU a call, both sides: bare {bare:.2} us, ours {ours:.2} us, peer {peers:.2} us");
    ratio("rpc_added_us", ours - bare);
    ratio("rpc_added/peer_added", (ours - bare) / (peers - bare));
    assert!(EXPORTED.load(Relaxed) > 0, "the peer has recorded nothing");
}

/// What both sides of the comparison write to.
struct Sides {
    ours: tracer_runtime::Telemetry,
    peer: SdkTracerProvider,
}

impl Sides {
    /// Everything that was recorded goes out: what a call costs other threads is counted with it.
    fn flush(&self) {
        self.ours.flush(Duration::from_secs(5)).unwrap();
        self.peer.force_flush().unwrap();
    }
}

/// CPU time of a call, in microseconds.
async fn sample(clients: &mut Clients, kind: Kind, sides: &Sides) -> f64 {
    let before = all_cpu_ns();
    clients.ask(kind, BATCH).await;
    sides.flush();
    (all_cpu_ns() - before) as f64 / BATCH as f64 / 1_000.0
}

/// A sample of each kind, taken one after the other.
type Round = [f64; KINDS.len()];

/// The tenth of the rounds that took the shortest in all: who shares the host only ever makes them longer.
fn undisturbed(rounds: &[Round]) -> Vec<Round> {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(|a, b| f64::total_cmp(&a.iter().sum(), &b.iter().sum()));
    sorted.truncate(rounds.len() / 10);
    sorted
}

fn median(rounds: &[Round], kind: usize) -> f64 {
    let mut all: Vec<f64> = rounds.iter().map(|round| round[kind]).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Ten thousand calls of one kind, or as many as said, and what other threads did for them.
pub(crate) fn only(name: &str, calls: usize) {
    let kind = KINDS.iter().find(|(_, known)| *known == name);
    let kind = kind.map_or(Kind::Bare, |(kind, _)| *kind);
    let telemetry = init_ours();
    let peer = (kind == Kind::Peer).then(init_peer);
    let (before, after) = runtime().block_on(async {
        let mut clients = Clients::new().await;
        clients.ask(kind, 100).await;
        let before = Spent::so_far();
        clients.ask(kind, calls).await;
        (before, Spent::so_far())
    });
    telemetry.flush(Duration::from_secs(5)).unwrap();
    if let Some(peer) = peer {
        peer.force_flush().unwrap();
    }
    let others = Spent::so_far().others - before.others;
    let us = |ns: u64| ns as f64 / calls as f64 / 1_000.0;
    let own = us(after.own - before.own);
    println!(
        "CPU a call: {own:.2} us, of other threads {:.2} us",
        us(others)
    );
    let faults = after.page_faults - before.page_faults;
    let switches = after.switches - before.switches;
    println!("all {calls} calls: page faults {faults}, context switches {switches}");
}

/// Microseconds, in the order of the kinds.
async fn measure(sides: &Sides) -> Round {
    let mut clients = Clients::new().await;
    let mut rounds = Vec::new();
    for n in 0..ROUNDS + 20 {
        let mut round = Round::default();
        // Each in turn, so that a change of the machine's pace is everybody's.
        for turn in 0..KINDS.len() {
            let which = (n + turn) % KINDS.len();
            round[which] = sample(&mut clients, KINDS[which].0, sides).await;
        }
        if n >= 20 {
            rounds.push(round);
        }
    }
    let calm = undisturbed(&rounds);
    println!(
        "{:<18}{:>11}{:>11}{:>16}{:>14}",
        "us a call", "calm", "added", "of all rounds", "allocations"
    );
    let us = std::array::from_fn(|kind| median(&calm, kind));
    for (at, (kind, name)) in KINDS.into_iter().enumerate() {
        let before = allocations::so_far();
        clients.ask(kind, BATCH).await;
        let allocations = (allocations::so_far() - before) as f64 / BATCH as f64;
        let (added, of_all) = (us[at] - us[0], median(&rounds, at));
        println!(
            "{name:<18}{:>11.2}{added:>+11.2}{of_all:>16.2}{allocations:>14.1}",
            us[at]
        );
    }
    us
}
