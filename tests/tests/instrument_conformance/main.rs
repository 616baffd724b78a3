//! What a `tracing` subscriber sees of `#[instrument]`: of the one of `tracing` and of ours, by the same tests.
//!
//! ```text
//! cargo test -p tracer-tests --test instrument_conformance [-- PART_OF_A_NAME]
//! ```
//!
//! Each side runs in a process of its own, ours once without our recorder and once with it.
#![allow(
    missing_docs,
    clippy::duplicate_mod,
    clippy::print_stdout,
    reason = "a program of tests"
)]

mod ours;
mod support;
mod theirs;
mod witness;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};
use tracer_runtime::testing::capture;

/// A test and its name.
type Case = (&'static str, fn());

const SIDES: [&str; 3] = ["--theirs", "--ours", "--ours-recording"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    match arguments
        .iter()
        .find(|argument| SIDES.contains(&argument.as_str()))
    {
        Some(side) => run(side, filter.map_or("", String::as_str)),
        None => compare(&arguments),
    }
}

/// One side, in this process.
fn run(side: &str, filter: &str) -> ExitCode {
    let cases = match side {
        "--theirs" => theirs::cases::ALL,
        _ => ours::cases::ALL,
    };
    let mut failed = false;
    for (name, case) in chosen(cases, filter) {
        println!("\n== {name}");
        let recording = (side == "--ours-recording").then(capture);
        if catch_unwind(AssertUnwindSafe(case)).is_err() {
            eprintln!("{side} {name} failed");
            failed = true;
        }
        if let Some(capture) = recording {
            println!("{}", capture.tree());
        }
    }
    ExitCode::from(u8::from(failed))
}

fn chosen(cases: &'static [Case], filter: &str) -> impl Iterator<Item = &'static Case> {
    cases.iter().filter(move |(name, _)| name.contains(filter))
}

/// Every side in a process, whose output is shown if it fails.
fn compare(arguments: &[String]) -> ExitCode {
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut failed = false;
    for side in SIDES {
        let output = Command::new(std::env::current_exe().expect("the path of this program"))
            .arg(side)
            .args(filter)
            .stdin(Stdio::null())
            .output()
            .expect("this program starts");
        if !output.status.success() {
            failed = true;
            println!("{}", String::from_utf8_lossy(&output.stdout));
            println!("{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    if failed {
        println!("instrument conformance: failed");
        return ExitCode::FAILURE;
    }
    let filter = filter.map_or("", String::as_str);
    let (theirs, ours) = (theirs::cases::ALL, ours::cases::ALL);
    assert_eq!(theirs.len(), ours.len());
    let tests = chosen(ours, filter).count();
    println!(
        "instrument conformance: {tests} tests twice, both green; ours once more while it records"
    );
    ExitCode::SUCCESS
}
