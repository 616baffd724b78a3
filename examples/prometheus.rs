//! Metrics of every annotated function at `GET /metrics`: calls by outcome, durations, calls in flight. Exact, whatever
//! is sampled.
//!
//! Run: `cargo run --example prometheus`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use tracer_runtime::{Sampler, traced};

#[traced]
fn divide(a: u32, b: u32) -> Result<u32, &'static str> {
    a.checked_div(b).ok_or("division by zero")
}

/// What Prometheus does every few seconds.
fn scrape(address: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    write!(
        connection,
        "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

fn main() -> Result<(), Box<dyn Error>> {
    let telemetry = tracer_runtime::builder()
        .with_prometheus("127.0.0.1:0") // usually ":9464"; 0 is any free port
        .with_sampler(Sampler::always_off()) // no traces; metrics all the same
        .init()?;
    for b in [1, 2, 3, 0] {
        let _ = divide(6, b);
    }

    let address = telemetry.prometheus_addr().ok_or("nothing is served")?;
    let page = scrape(address)?;
    for line in page.lines().filter(|line| line.contains("function_calls")) {
        println!("{line}");
    }
    for expected in [
        r#"function_calls_total{function="divide",module="prometheus",outcome="ok"} 3"#,
        r#"function_calls_total{function="divide",module="prometheus",outcome="error"} 1"#,
        r#"function_calls_duration_seconds_count{function="divide",module="prometheus"} 4"#,
        r#"function_calls_in_flight{function="divide",module="prometheus"} 0"#,
    ] {
        assert!(page.contains(expected), "{expected} is not in\n{page}");
    }
    Ok(())
}
