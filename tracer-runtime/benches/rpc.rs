//! What calls between services cost, beside other libraries, in one run.
//!
//! ```text
//! cargo bench -p tracer-runtime --bench rpc                  # every group, each with its `ratio NAME VALUE` lines
//! cargo bench -p tracer-runtime --bench rpc -- propagation   # context read from headers and written to others
//! cargo bench -p tracer-runtime --bench rpc -- unary         # a call of tonic, client and server
//! cargo bench -p tracer-runtime --bench rpc -- streaming     # a stream of a hundred thousand messages
//! cargo bench -p tracer-runtime --bench rpc -- only ours     # nothing but these calls (or `bare`, `peer`), for a profiler
//! ```
//!
//! How times are taken: see `compare`.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

#[path = "rpc/allocations.rs"]
mod allocations;
#[path = "rpc/cpu.rs"]
mod cpu;
#[path = "rpc/hostile.rs"]
mod hostile;
#[allow(dead_code, reason = "shared with `compare`")]
#[path = "compare/measure.rs"]
mod measure;
#[path = "rpc/propagation.rs"]
mod propagation;
#[path = "rpc/service.rs"]
mod service;
#[path = "rpc/streaming.rs"]
mod streaming;
#[path = "rpc/unary.rs"]
mod unary;

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let wants = |group: &str| asked.is_empty() || asked.iter().any(|a| a == group);
    if wants("propagation") {
        propagation::run();
        hostile::run();
    }
    if wants("unary") {
        unary::run();
    }
    if let Some(at) = asked.iter().position(|a| a == "only") {
        let calls = asked.get(at + 2).and_then(|calls| calls.parse().ok());
        let kind = asked.get(at + 1).map_or("bare", String::as_str);
        unary::only(kind, calls.unwrap_or(10_000));
    }
    if wants("streaming") {
        streaming::run();
    }
}

fn ratio(name: &str, value: f64) {
    println!("ratio {name} {value:.3}");
}
