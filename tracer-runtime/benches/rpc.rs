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

use std::process::{Command, ExitCode};

/// Each is measured in a process of its own: telemetry is initialised once a process.
const GROUPS: [&str; 3] = ["propagation", "unary", "streaming"];

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    match asked[..] {
        ["propagation"] => {
            propagation::run();
            hostile::run();
        }
        ["unary"] => unary::run(),
        ["streaming"] => streaming::run(),
        ["only", ref rest @ ..] => {
            let calls = rest.get(1).and_then(|calls| calls.parse().ok());
            let kind = rest.first().copied().unwrap_or("bare");
            unary::only(kind, calls.unwrap_or(10_000));
        }
        [] => return apart(&GROUPS),
        ref groups if groups.iter().all(|group| GROUPS.contains(group)) => return apart(groups),
        ref other => {
            println!("a group is one of {GROUPS:?}, not all of {other:?} are");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Runs groups one after the other, all of them even when one fails.
fn apart(groups: &[&str]) -> ExitCode {
    let executable = std::env::current_exe().unwrap();
    let mut exit = ExitCode::SUCCESS;
    for group in groups {
        println!("{group}\n");
        let status = Command::new(&executable).arg(group).status().unwrap();
        if !status.success() {
            println!("{group}: {status}");
            // A process that a signal has ended has no code.
            exit = status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .map_or(ExitCode::FAILURE, ExitCode::from);
        }
        println!();
    }
    exit
}

fn ratio(name: &str, value: f64) {
    println!("ratio {name} {value:.3}");
}
