//! A small shop in one process: an HTTP front, a gRPC stock service, and a payment that is sometimes slow, fails,
//! panics or is cancelled. Customers buy until Ctrl-C; the call trees of their failed and slow orders are printed.
//!
//! ```text
//! cargo run --example quickstart                                   # until Ctrl-C
//! cargo run --example quickstart -- --once                         # 100 requests, one call tree, the metrics
//! cargo run --example quickstart -- --requests 2000 --concurrency 8
//! ```
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317` sends everything to a collector as well.
mod counts;
mod front;
mod load;
mod options;
mod stock;

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tracer_runtime::{Console, Keep, Telemetry};

use options::{Options, Show};
use proto::stock_client::StockClient;
use proto::stock_server::StockServer;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod proto {
    tonic::include_proto!("shop");
}

/// A request that takes longer is worth a look.
const SLOW: Duration = Duration::from_millis(10);

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let telemetry = start_telemetry(&options)?;
    if let Some(address) = telemetry.prometheus_addr() {
        say(&format!("metrics: http://{address}/metrics"));
    }
    quiet_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(serve(&options, &telemetry))?;
    if let Err(error) = telemetry.shutdown(Duration::from_secs(5)) {
        eprintln!("shutdown: {error}");
    }
    Ok(())
}

fn start_telemetry(options: &Options) -> Result<Telemetry, Box<dyn Error>> {
    let metrics =
        std::env::var("QUICKSTART_METRICS_ADDR").unwrap_or_else(|_| "127.0.0.1:0".to_owned());
    let mut builder = tracer_runtime::builder()
        .with_service_name(std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "shop".to_owned()))
        .with_prometheus(metrics);
    let trees = Console::stdout();
    builder = builder.with_console_to(match options.show {
        Show::Failures => trees.only(Keep::errors().or_cancelled().or_slower_than(SLOW)),
        Show::One => trees.only(Keep::nothing().or_cancelled()).at_most(1),
    });
    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_some() {
        builder = builder.with_otlp();
    }
    Ok(builder.init()?)
}

/// Opens both services; the front's URL.
async fn open_shop() -> Result<String, Box<dyn Error>> {
    let stock = TcpListener::bind("127.0.0.1:0").await?;
    let stock_url = format!("http://{}", stock.local_addr()?);
    tokio::spawn(
        Server::builder()
            .add_service(StockServer::new(stock::Warehouses))
            .serve_with_incoming(TcpIncoming::from(stock)),
    );
    let client = StockClient::connect(stock_url).await?;

    let front = TcpListener::bind("127.0.0.1:0").await?;
    let front_url = format!("http://{}", front.local_addr()?);
    let router = Router::new()
        .route("/orders/{id}", post(front::create_order))
        .with_state(client);
    tokio::spawn(async move { axum::serve(front, router).await });
    Ok(front_url)
}

async fn serve(options: &Options, telemetry: &Telemetry) -> Result<(), Box<dyn Error>> {
    let front_url = open_shop().await?;
    if options.show == Show::Failures {
        say("call trees of orders that fail or are slow follow; Ctrl-C stops\n");
    }
    let load = load::run(
        front_url,
        options.requests,
        options.concurrency,
        options.pause,
    );
    let report = tokio::select! {
        report = load => Some(report),
        stopped = tokio::signal::ctrl_c() => { stopped?; None }
    };
    // A receiver that takes traces only refuses the metrics: worth a word, not the end.
    if let Err(error) = telemetry.flush(Duration::from_secs(10)) {
        eprintln!("flush: {error}");
    }
    say(&function_metrics());
    let Some(report) = report else { return Ok(()) };
    if let Some(path) = &options.report {
        std::fs::write(path, report.to_json())?;
    }
    say("done");
    if options.hold {
        let mut byte = [0];
        tokio::select! {
            _ = async { while tokio::io::stdin().read(&mut byte).await.is_ok_and(|n| n != 0) {} } => {}
            stopped = tokio::signal::ctrl_c() => stopped?,
        }
    }
    Ok(())
}

/// Prints a line. Whoever reads may have seen enough, which `println!` would not survive.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The part of `/metrics` that tells about the shop's functions.
fn function_metrics() -> String {
    let text = tracer_runtime::metrics::encode();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("function_calls") && !line.contains("_bucket"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The payment's panics are part of the show; anything else is reported as usual.
fn quiet_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info
            .payload()
            .downcast_ref::<&str>()
            .is_some_and(|message| message.contains("card reader"))
        {
            usual(info);
        }
    }));
}
