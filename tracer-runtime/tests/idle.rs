//! A process that does nothing is left alone, whatever is on.
#![cfg(all(target_os = "linux", feature = "otlp", feature = "prometheus"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use tracer_runtime::{builder, traced};

/// Wakes, and nanoseconds on a processor, of the threads that telemetry has started.
fn used() -> (u64, u64) {
    let mut used = (0, 0);
    for task in fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        if !fs::read_to_string(task.join("comm"))
            .unwrap()
            .starts_with("tracer-")
        {
            continue;
        }
        let status = fs::read_to_string(task.join("status")).unwrap();
        let wakes = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        used.0 += wakes.unwrap().trim().parse::<u64>().unwrap();
        let times = fs::read_to_string(task.join("schedstat")).unwrap();
        used.1 += times.split(' ').next().unwrap().parse::<u64>().unwrap();
    }
    used
}

/// Wakes a second, and the share of a core.
fn watch(time: Duration) -> (f64, f64) {
    let (begin, before) = (Instant::now(), used());
    std::thread::sleep(time);
    let (after, seconds) = (used(), begin.elapsed().as_secs_f64());
    let wakes = (after.0 - before.0) as f64 / seconds;
    let share = (after.1 - before.1) as f64 * 1e-9 / seconds;
    eprintln!(
        "{wakes:.1} wakes a second, {:.4} % of a core",
        share * 100.0
    );
    (wakes, share)
}

/// Of a core. What is not optimised takes several times as long.
const MAX_SHARE: f64 = if cfg!(debug_assertions) { 0.005 } else { 0.001 };

#[traced]
fn call() {}

#[test]
fn an_idle_process_wakes_seldom_and_uses_next_to_nothing() {
    let telemetry = builder()
        .with_otlp_endpoint(format!("http://{}", support::black_hole()))
        .with_prometheus("127.0.0.1:0")
        .init()
        .unwrap();
    call();
    // From now on a request is under way that nobody will ever answer: the worst kind of idleness.
    assert!(telemetry.flush(Duration::from_millis(100)).is_err());
    std::thread::sleep(Duration::from_secs(1));
    // Who shares the machine makes a wake take longer, never shorter.
    let (wakes, share) = (0..3)
        .map(|_| watch(Duration::from_secs(3)))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .unwrap();
    assert!(wakes > 0.0 && wakes <= 5.0, "{wakes} wakes a second");
    assert!(share < MAX_SHARE, "{share} of a core");
    drop(telemetry.shutdown(Duration::from_millis(100)));
}
