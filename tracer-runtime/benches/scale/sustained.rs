//! Full speed for a minute, with more traces than the collector can take: memory is flat, and every record's fate known.

use crate::programs::root;
use std::time::{Duration, Instant};
use tracer_runtime::__private::records;
use tracer_runtime::Sampler;

/// Spans of a root.
const SPANS: u64 = 101;

pub(crate) fn run(quick: bool) {
    let time = Duration::from_secs(if quick { 6 } else { 60 });
    // Some of everything: kept, decided against, dropped.
    let telemetry = crate::init(Sampler::ratio(0.5));
    println!("sustained, {} s on two threads", time.as_secs());
    // Until whatever fills up is full.
    let mut made = load(time / 6);
    let start = resident_kib();
    let mut most = start;
    for _ in 0..5 {
        made += load(time / 6);
        most = resident_kib().max(most);
    }
    let end = resident_kib();
    println!(
        "{made} records, {:.1} ns of a thread each",
        2.0 * time.as_nanos() as f64 / made as f64
    );
    println!("resident at the start {start} KiB, at most {most} KiB, at the end {end} KiB");
    telemetry.shutdown(Duration::from_secs(30)).unwrap();
    let fate = records();
    println!(
        "made {made} = exported {} + discarded {} + dropped {}",
        fate.exported, fate.discarded, fate.dropped
    );
    assert_eq!(made, fate.exported + fate.discarded + fate.dropped);
    assert!(end < start + start / 10 + 1024, "memory grows");
}

/// Two threads that do nothing else; how many records they have made.
fn load(time: Duration) -> u64 {
    let roots = || {
        let begin = Instant::now();
        let mut roots = 0;
        while begin.elapsed() < time {
            for _ in 0..100 {
                root();
            }
            roots += 100;
        }
        roots * SPANS
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(roots), scope.spawn(roots)];
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    })
}

fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4
}
