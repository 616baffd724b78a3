//! Context between services that speak different formats: a front that gets W3C headers, a stock service behind it that
//! knows B3 alone, and baggage that goes all the way. The protocol is made up: a frame with a list of headers.
//!
//! Run: `cargo run --example propagation`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tracer_runtime::propagation::{Extract, Inject, Propagator};
use tracer_runtime::{Baggage, record, traced};

/// What travels: the headers may come in any case, and their values are whatever the network brings.
#[derive(Debug, Default)]
struct Frame {
    headers: Vec<(String, Vec<u8>)>,
}

// With these two a `Frame` among the arguments of a `server` or `client` function is found like any other carrier.
impl Extract for Frame {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in &self.headers {
            see(name, value);
        }
    }
}

impl Inject for Frame {
    fn set(&mut self, name: &str, value: &str) {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }
}

#[traced(server)]
fn front(request: &Frame) -> String {
    assert!(!request.headers.is_empty());
    // Everything that is called until the end of this function sees who pays, and so does all that it calls.
    let _baggage = Baggage::current().with("plan", "gold").attach();
    ask_stock(Frame::default())
}

#[traced(client)]
fn ask_stock(request: Frame) -> String {
    for (name, value) in &request.headers {
        println!("{name}: {}", String::from_utf8_lossy(value));
    }
    stock(&request)
}

#[traced(server)]
fn stock(request: &Frame) -> String {
    assert!(request.first("B3").is_some());
    let baggage = Baggage::current();
    let member = |key| baggage.get(key).unwrap_or("?").to_owned();
    record("tenant", member("tenant"));
    format!("{} for {}", member("plan"), member("tenant"))
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The first that finds a parent is believed, all are written. `OTEL_PROPAGATORS=tracecontext,b3,baggage` says the same.
    let telemetry = tracer_runtime::builder()
        .with_propagators([
            Propagator::TraceContext,
            Propagator::B3,
            Propagator::Baggage,
        ])
        .with_console()
        .init()?;

    let mut request = Frame::default();
    request.set("Traceparent", &format!("00-{TRACE}-b7ad6b7169203331-01"));
    request.set("Tracestate", "vendor=1");
    request.set("Baggage", "tenant=acme");
    let answer = front(&request);
    println!("{answer}");
    assert_eq!(answer, "gold for acme");

    // What cannot be read is left out and counted.
    request.set("traceparent", "no trace");
    assert_eq!(front(&request), "gold for acme");
    let metrics = tracer_runtime::metrics::encode();
    let errors = "tracer_propagation_errors_total{format=\"traceparent\",reason=\"malformed\"} 1";
    assert!(metrics.contains(errors), "{metrics}");
    drop(telemetry);
    Ok(())
}
