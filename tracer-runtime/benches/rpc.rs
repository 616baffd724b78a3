//! What calls between services cost, beside other libraries, in one run.
//!
//! ```text
//! cargo bench -p tracer-runtime --bench rpc                  # every group, each with its `ratio NAME VALUE` lines
//! cargo bench -p tracer-runtime --bench rpc -- propagation   # context read from headers and written to others
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
#[path = "rpc/hostile.rs"]
mod hostile;
#[allow(dead_code, reason = "shared with `compare`")]
#[path = "compare/measure.rs"]
mod measure;
#[path = "rpc/propagation.rs"]
mod propagation;

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
}

fn ratio(name: &str, value: f64) {
    println!("ratio {name} {value:.3}");
}
