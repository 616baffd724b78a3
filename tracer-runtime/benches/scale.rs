//! Whether a span costs the same whatever the scale: threads, callsites, depth, concurrent futures.
//!
//! ```text
//! cargo bench -p tracer-runtime --bench scale                # the tables, then `ratio NAME VALUE` and `memory NAME MIB`
//! cargo bench -p tracer-runtime --bench scale -- quick       # the same in a third of the time
//! cargo bench -p tracer-runtime --bench scale -- time        # the ratios alone; also with `quick`, or the names of tables
//! cargo bench -p tracer-runtime --bench scale -- sustained   # 60 s at full speed; also with `quick`
//! ```
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark"
)]

#[path = "scale/cost.rs"]
mod cost;
#[path = "scale/futures.rs"]
mod futures;
#[path = "scale/memory.rs"]
mod memory;
#[path = "scale/programs.rs"]
mod programs;
#[path = "scale/scrape.rs"]
mod scrape;
#[path = "scale/sustained.rs"]
mod sustained;

use std::process::Command;
use tracer_runtime::{Keep, Sampler, Telemetry};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// What this process is to do, where it was started by itself.
const CHILD: &str = "TRACER_SCALE_CHILD";

fn main() {
    if let Ok(child) = std::env::var(CHILD) {
        return run_child(&child);
    }
    let argument = |name| std::env::args().any(|argument| argument == name);
    let quick = argument("quick");
    if argument("sustained") {
        return sustained::run(quick);
    }
    let ratios = time(quick);
    if !argument("time") {
        println!("\nscrape, one `metrics::encode()`");
        start_child(if quick { "series quick" } else { "series" });
        start_child(if quick { "threads quick" } else { "threads" });
        println!();
    }
    for (name, ratio) in ratios {
        println!("ratio {name} {ratio:.3}");
    }
    if !argument("time") {
        start_child("memory 1000 16");
        start_child("memory 10000 64");
    }
}

type Table = (&'static str, usize, fn() -> Vec<cost::Row>);

/// Their names, the largest scale of each, and the programs.
const TABLES: [Table; 5] = [
    ("threads", 64, programs::threads),
    ("callsites", 10_000, programs::callsites),
    ("depth", 1_000, programs::depths),
    ("futures", 100_000, futures::roots),
    ("child_futures", 100_000, futures::children),
];

/// CPU time per span of each program.
fn time(quick: bool) -> Vec<(String, f64)> {
    let telemetry = init(Sampler::always_off());
    let rounds = if quick { 7 } else { 21 };
    let tables = TABLES.map(|(title, ..)| title);
    let named: Vec<String> = std::env::args()
        .filter(|argument| tables.contains(&argument.as_str()))
        .collect();
    let mut ratios = Vec::new();
    for (title, scale, rows) in TABLES {
        if named.is_empty() || named.iter().any(|name| name == title) {
            let rows = rows();
            let name = format!("{title}{scale}/{title}1");
            ratios.push((name, cost::measure(title, &rows, rounds)));
        }
    }
    let records = tracer_runtime::__private::records();
    println!("\n{records:?}");
    drop(telemetry);
    ratios
}

fn init(sampler: Sampler) -> Telemetry {
    tracer_runtime::builder()
        .with_sampler(sampler)
        .with_keep(Keep::nothing())
        .with_discarding_exporter()
        .init()
        .unwrap()
}

/// In a process of its own, as cells and blocks stay where they are.
fn start_child(what: &str) {
    let program = std::env::current_exe().unwrap();
    let status = Command::new(program).env(CHILD, what).status().unwrap();
    assert!(status.success(), "{what}");
}

fn run_child(what: &str) {
    let _telemetry = init(Sampler::always_off());
    let words: Vec<&str> = what.split(' ').collect();
    match words[..] {
        ["memory", callsites, threads] => {
            memory::cells(callsites.parse().unwrap(), threads.parse().unwrap());
        }
        ["series", ref quick @ ..] => scrape::series(!quick.is_empty()),
        ["threads", ref quick @ ..] => scrape::threads(!quick.is_empty()),
        _ => panic!("no case is called {what}"),
    }
}
