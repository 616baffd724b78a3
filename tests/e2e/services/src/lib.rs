//! What the services of the end-to-end tests share: how they start, say where they are, and stop.
//!
//! Everything is told by the environment: `OTEL_*`, and `METRICS_ADDR`, where Prometheus may scrape them.
#![allow(clippy::print_stdout, reason = "a check reads what the services print")]

use std::env;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tower::ServiceBuilder;
use tracer_runtime::integrations::tower::{ClientLayer, ClientService};
use tracer_runtime::{Baggage, Telemetry, rpc};

/// What is echoed, by Rust and by Go.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod echo {
    tonic::include_proto!("echo");
}

/// What is sold.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
pub mod shop {
    tonic::include_proto!("shop");
}

/// A problem ends the program.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PATIENCE: Duration = Duration::from_secs(10);

/// A gRPC channel whose requests are calls.
pub type Calls = ClientService<Channel>;

/// Starts what the environment asks for.
///
/// # Errors
///
/// A setting that cannot be used.
pub fn start_telemetry() -> Result<Telemetry> {
    let mut builder = tracer_runtime::builder().with_tracer(rpc::kitex_metrics());
    if env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
        builder = builder.with_otlp();
    }
    if let Ok(address) = env::var("METRICS_ADDR") {
        builder = builder.with_prometheus(address);
    }
    Ok(builder.init()?)
}

/// A free port, which is printed: `listening ADDRESS`.
///
/// # Errors
///
/// There is none.
pub async fn listen() -> Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening {}", listener.local_addr()?);
    Ok(listener)
}

/// A channel to a service of this name at `HOST:PORT`.
///
/// # Errors
///
/// Nobody is there.
pub async fn connect(name: String, address: &str) -> Result<Calls> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?
        .connect()
        .await?;
    let to = rpc::Endpoint::new(name).with_address(address.to_owned());
    let layer = ClientLayer::new().with_to(to);
    Ok(ServiceBuilder::new().layer(layer).service(channel))
}

/// Puts the tenant that came as baggage on the running span.
pub fn record_tenant() {
    if let Some(tenant) = Baggage::current().get("tenant") {
        tracer_runtime::record("baggage.tenant", tenant.to_owned());
    }
}

/// Serves HTTP at a free port, which is printed, until the program is to end; then sends what is left.
///
/// # Errors
///
/// There is no free port, or the listener broke.
pub async fn serve_http(app: Router, telemetry: Telemetry) -> Result<()> {
    let listener = listen().await?;
    tokio::select! {
        served = axum::serve(listener, app).into_future() => served?,
        () = until_closed() => {}
    }
    stop_telemetry(telemetry);
    Ok(())
}

/// Whoever has started the program lets it end by closing its standard input.
pub async fn until_closed() {
    let mut nothing = Vec::new();
    // An error is an end as well.
    let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
}

/// Sends what there is. Jaeger takes no metrics, which is no reason to stop.
pub fn send(telemetry: &Telemetry) {
    if let Err(error) = telemetry.flush(PATIENCE) {
        eprintln!("flush: {error}");
    }
}

/// Sends what is left.
pub fn stop_telemetry(telemetry: Telemetry) {
    if let Err(error) = telemetry.shutdown(PATIENCE) {
        eprintln!("shutdown: {error}");
    }
}

/// An argument of the command line.
///
/// # Errors
///
/// It is missing.
pub fn argument(n: usize, what: &str) -> Result<String> {
    Ok(env::args()
        .nth(n)
        .ok_or_else(|| format!("argument {n} is missing: {what}"))?)
}
