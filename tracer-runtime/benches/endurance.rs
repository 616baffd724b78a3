//! What takes too long for a test: five million requests of a server whose loop is a trace, and a million calls while
//! the collector is out of reach.
//!
//! `cargo bench -p tracer-runtime --features full --bench endurance [-- server | harm]`
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that reports to whoever runs it"
)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use support::{
    CHILD, black_hole, calls, dropped, metric, own_cpu_nanoseconds, refusing, resident_bytes,
    server, settled,
};
use tracer_runtime::{Keep, Sampler, builder, traced};

fn main() {
    if let Ok(which) = std::env::var(CHILD) {
        return match which.as_str() {
            "server" => serve(),
            collector => harm(collector),
        };
    }
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted != "harm" {
        run("server");
    }
    if wanted != "server" {
        compare();
    }
}

/// This program again, as a process of its own: telemetry starts once in each.
fn run(which: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).env(CHILD, which).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{which}: {text}{problem}");
    print!("{text}");
    text
}

// === a server ===

const REQUESTS: u64 = 5_000_000;

fn serve() {
    let telemetry = builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_discarding_exporter()
        .init()
        .unwrap();
    let begin = Instant::now();
    let (mut early, mut most) = (0, 0);
    server::run(REQUESTS, 100, |n| {
        if n % 10_000 == 0 {
            let peak = if n <= REQUESTS / 5 {
                &mut early
            } else {
                &mut most
            };
            *peak = resident_bytes().max(*peak);
        }
    });
    let took = begin.elapsed();
    telemetry.shutdown(Duration::from_secs(60)).unwrap();
    let fate = |fate| metric(&format!("tracer_records_total{{fate=\"{fate}\"}}"));
    println!(
        "server: {REQUESTS} requests in {:.1} s, {:.0} ns each; resident {} KiB in the first fifth, {} KiB later; \
         {} exported, {} discarded, {} dropped",
        took.as_secs_f64(),
        took.as_nanos() as f64 / REQUESTS as f64,
        early >> 10,
        most >> 10,
        fate("exported"),
        fate("discarded"),
        fate("dropped"),
    );
    assert_eq!(
        settled(),
        REQUESTS + 1,
        "a verdict for each, and for the loop"
    );
    assert_eq!(fate("dropped"), 0);
    assert!(most < early + (4 << 20), "memory grows");
}

// === a collector out of reach ===

const CALLS: u64 = 1_000_000;

#[traced]
fn call(n: u64) -> u64 {
    std::hint::black_box(n)
}

#[traced]
fn request(n: u64) -> u64 {
    (1..10).map(call).sum::<u64>() + n
}

fn harm(collector: &str) {
    let builder = builder();
    let telemetry = match collector {
        "black hole" => builder.with_otlp_endpoint(format!("http://{}", black_hole())),
        "refusing" => builder.with_otlp_endpoint(format!("http://{}", refusing())),
        _ => builder,
    };
    let telemetry = telemetry.init().unwrap();
    let measure = |calls: u64| {
        let begin = (Instant::now(), own_cpu_nanoseconds());
        for n in 0..calls / 10 {
            request(n);
        }
        let wall = begin.0.elapsed().as_nanos() as f64;
        let own = (own_cpu_nanoseconds() - begin.1) as f64;
        [own, wall].map(|nanoseconds| nanoseconds / calls as f64)
    };
    // Until whatever fills up is full.
    measure(CALLS);
    let before = resident_bytes();
    let [own, wall] = measure(CALLS);
    let after = resident_bytes();
    let begin = Instant::now();
    let result = telemetry.shutdown(Duration::from_secs(1));
    let took = begin.elapsed();
    let lost: u64 = [
        "queue_full",
        "memory_limit",
        "shutdown",
        "export_failed",
        "no_exporter",
    ]
    .map(dropped)
    .iter()
    .sum();
    println!(
        "harm: collector {collector}: {own:.1} ns a call of the caller's own ({wall:.1} on the clock), resident {} KiB before and {} KiB after, shutdown in {} ms \
         ({}), {lost} of {} dropped and counted",
        before >> 10,
        after >> 10,
        took.as_millis(),
        if result.is_ok() {
            "all told"
        } else {
            "told of the loss"
        },
        calls(),
    );
    assert!(took < Duration::from_millis(1200));
    assert_eq!((settled(), lost), (calls(), calls()));
}

/// Calls with a dead collector beside calls with none, in turn.
fn compare() {
    let mut best = [f64::MAX; 3];
    for _ in 0..5 {
        for (best, collector) in best.iter_mut().zip(["none", "black hole", "refusing"]) {
            let text = run(collector);
            let nanoseconds = text.split(" ns a call").next().unwrap();
            let nanoseconds: f64 = nanoseconds.rsplit(' ').next().unwrap().parse().unwrap();
            *best = best.min(nanoseconds);
        }
    }
    let [none, black_hole, refusing] = best;
    println!(
        "harm: best of 5: none {none:.1} ns, black hole {black_hole:.1} ns ({:.2} x), refusing {refusing:.1} ns ({:.2} x)",
        black_hole / none,
        refusing / none,
    );
    assert!(black_hole < 5.0 * none && refusing < 5.0 * none);
}
