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
    let (warm, _) = load(time / 6);
    let start = resident_kib_at_rest();
    let (more, most) = load(time);
    let end = resident_kib_at_rest();
    let made = warm + more;
    println!(
        "{more} records, {:.1} ns of a thread each",
        2.0 * time.as_nanos() as f64 / more as f64
    );
    println!(
        "resident at rest {start} KiB before and {end} KiB after, at most {most} KiB meanwhile"
    );
    telemetry.shutdown(Duration::from_secs(30)).unwrap();
    let fate = records();
    println!(
        "made {made} = exported {} + discarded {} + dropped {}",
        fate.exported, fate.discarded, fate.dropped
    );
    assert_eq!(made, fate.exported + fate.discarded + fate.dropped);
    // The allocator keeps what the fullest moment took, and that comes sooner or later. A byte lost each trace is forty MiB.
    assert!(end < start + (8 << 10), "memory grows");
    assert!(
        most < 96 << 10,
        "beyond what records may hold and some more"
    );
}

/// Two threads that do nothing else: how many records they have made, and the most memory seen.
fn load(time: Duration) -> (u64, u64) {
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
        let mut most = 0;
        while !threads.iter().all(|thread| thread.is_finished()) {
            most = resident_kib().max(most);
            std::thread::sleep(Duration::from_millis(20));
        }
        let made = threads.map(|thread| thread.join().unwrap());
        (made.iter().sum(), most)
    })
}

/// Once the collector has taken what waited.
fn resident_kib_at_rest() -> u64 {
    std::thread::sleep(Duration::from_millis(1_500));
    resident_kib()
}

fn resident_kib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0_u64) * 4
}
