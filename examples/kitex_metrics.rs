//! The metrics of Kitex' Prometheus tracer, by their names and labels, for dashboards that know them.
//!
//! Run: `cargo run --example kitex_metrics`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tracer_runtime::rpc::{self, Endpoint, RpcCall, RpcPlan};

fn serve(caller: &'static str, fails: bool) {
    let plan = RpcPlan::server("thrift")
        .with_from(Endpoint::new(caller))
        .with_service("shop", "Stock")
        .with_method("reserve");
    let call = RpcCall::start(plan);
    if fails {
        call.fail(&std::fmt::Error);
    } else {
        // A failure that the application reports: the call itself has succeeded.
        call.set_biz_status(204, "sold out");
        call.finish();
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let telemetry = tracer_runtime::builder()
        .with_service_name("stock")
        .with_tracer(rpc::kitex_metrics())
        .init()?;
    serve("front", false);
    serve("front", false);
    serve("front", true);
    // Who does not say its name is unknown.
    serve("", false);

    let text = tracer_runtime::metrics::encode();
    let throughput = |labels: &[&str]| {
        let mut lines = text
            .lines()
            .filter(|line| line.starts_with("kitex_server_throughput{"));
        let line = lines.find(|line| labels.iter().all(|label| line.contains(label)));
        line.and_then(|line| line.rsplit_once(' '))
            .map(|(_, count)| count)
    };
    for line in text
        .lines()
        .filter(|line| line.starts_with("kitex_server_throughput"))
    {
        println!("{line}");
    }
    assert_eq!(
        throughput(&["caller=\"front\"", "status=\"succeed\""]),
        Some("2")
    );
    assert_eq!(
        throughput(&["caller=\"front\"", "status=\"error\""]),
        Some("1")
    );
    assert_eq!(
        throughput(&["caller=\"unknown\"", "callee=\"stock\""]),
        Some("1")
    );
    assert!(text.contains("kitex_server_latency_us_bucket{"));
    telemetry.shutdown(std::time::Duration::from_secs(1))?;
    Ok(())
}
