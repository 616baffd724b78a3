//! A collector that never answers, or refuses, harms nobody: memory is bounded, drops are counted, the shutdown is
//! quick.
#![cfg(feature = "otlp")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::{Duration, Instant};

use support::allocator::{Observed, live, peak};
use support::{black_hole, calls, dropped, metric, refusing, run_child, settled, stderr_of};
use tracer_runtime::{builder, traced};

#[global_allocator]
static ALLOCATOR: Observed = Observed::counting();

const REQUESTS: u64 = 100_000;
const CALLS_A_REQUEST: u64 = 10;
const LIMIT: usize = 16 << 20;

#[traced]
fn call(n: u64) -> Result<u64, String> {
    if n.is_multiple_of(1000) {
        Err("x".repeat(500))
    } else {
        Ok(n)
    }
}

#[traced]
fn request(n: u64) {
    for i in 1..CALLS_A_REQUEST {
        let _ = call(n * 10 + i);
    }
}

#[test]
fn a_collector_that_never_answers_harms_nobody() {
    let output = run_child("black hole").output().unwrap();
    eprintln!("{}", stderr_of(&output));
}

#[test]
fn a_collector_that_refuses_harms_nobody() {
    let output = run_child("refusing").output().unwrap();
    eprintln!("{}", stderr_of(&output));
}

#[test]
fn child() {
    let address = match std::env::var(support::CHILD).as_deref() {
        Ok("black hole") => black_hole(),
        Ok("refusing") => refusing(),
        _ => return,
    };
    let telemetry = builder()
        .with_otlp_endpoint(format!("http://{address}"))
        .with_memory_limit(LIMIT)
        .init()
        .unwrap();
    let before = live();
    for n in 0..REQUESTS {
        request(n);
    }
    let held = peak() - before;
    assert!(held <= LIMIT + (2 << 20), "{held} bytes");
    let made = REQUESTS * CALLS_A_REQUEST;
    assert_eq!(calls(), made);
    let begin = Instant::now();
    let result = telemetry.shutdown(Duration::from_secs(1));
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(1200), "{took:?}");
    assert!(result.is_err());
    assert_eq!(settled(), made);
    assert_eq!(metric("tracer_records_total{fate=\"exported\"}"), 0);
    let lost = ["queue_full", "memory_limit", "shutdown", "export_failed"];
    assert_eq!(lost.map(dropped).iter().sum::<u64>(), made);
    let after = live().saturating_sub(before);
    assert!(after < 1 << 20, "{after} bytes are left");
    eprintln!(
        "at most {held} bytes, shut down in {took:?}, dropped {:?}",
        lost.map(|r| (r, dropped(r)))
    );
}
