//! Load without a pause, and load on two threads.

use crate::{measure, ours};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use tracer_runtime::__private::records;

/// Roots between two looks at the clock.
const BATCH: u64 = 10;

pub(crate) struct Sustained {
    /// Nanoseconds a call, the median of batches.
    pub(crate) p50: f64,
    /// Of the records made.
    pub(crate) dropped: f64,
}

/// Calls `root` for this long without a pause.
pub(crate) fn sustained(title: &str, time: Duration, root: impl Fn()) -> Sustained {
    let before = records();
    let mut batches = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    let mut last = start;
    while last - start < time {
        for _ in 0..BATCH {
            root();
        }
        let now = Instant::now();
        let calls = BATCH * super::CHILDREN;
        batches.push((now - last).as_nanos() as f64 / calls as f64);
        last = now;
    }
    // The collectors come to rest.
    std::thread::sleep(Duration::from_millis(1_500));
    let after = records();
    let dropped = (after.dropped - before.dropped) as f64;
    let made = (after.exported - before.exported) as f64
        + (after.discarded - before.discarded) as f64
        + dropped;
    let calls = batches.len() as u64 * BATCH * super::CHILDREN;
    let mean = (last - start).as_nanos() as f64 / calls as f64;
    batches.sort_by(f64::total_cmp);
    let at = |share: f64| batches[(batches.len() as f64 * share) as usize];
    let dropped = if made > 0.0 { dropped / made } else { 0.0 };
    println!(
        "{title:<40} p50 {:>7.1}  p99 {:>7.1}  mean {mean:>7.1} ns a call, {dropped:.4} dropped of {made} records",
        at(0.5),
        at(0.99)
    );
    Sustained {
        p50: at(0.5),
        dropped,
    }
}

/// CPU time per call with two threads against one, in many short turns.
pub(crate) fn threads(quick: bool) {
    let turns = if quick { 50 } else { 300 };
    let headers = ours::sampled_headers();
    let kept_root = |calls| ours::kept_root(&headers, calls);
    let rows: [(&str, Root<'_>); 3] = [
        ("two_threads/one_thread", &ours::root),
        ("two_threads/one_thread_roots", &ours::calls),
        ("two_threads/one_thread_kept", &kept_root),
    ];
    for (name, root) in rows {
        let turns: Vec<[Turn; 2]> = (0..turns)
            .map(|_| [1, 2].map(|threads| turn(threads, root)))
            .collect();
        let calm = |turn: &[Turn; 2]| turn.iter().all(|t| measure::is_calm(t.yardstick_ns));
        let mut chosen: Vec<[Turn; 2]> = turns.iter().copied().filter(calm).collect();
        let undisturbed = chosen.len();
        if undisturbed < measure::ENOUGH {
            chosen.clone_from(&turns);
        }
        chosen.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let median = chosen[chosen.len() / 2];
        let [one, two] = median.map(|turn| turn.ns);
        println!(
            "one thread {one:.2} ns, two threads {two:.2} ns of CPU a call; {undisturbed} of {} turns undisturbed",
            turns.len()
        );
        println!("ratio {name} {:.3}", ratio(&median));
    }
}

type Root<'a> = &'a (dyn Fn(u64) -> u64 + Sync);

#[derive(Clone, Copy)]
struct Turn {
    /// CPU nanoseconds a call.
    ns: f64,
    /// The longest of all threads.
    yardstick_ns: f64,
}

fn ratio([one, two]: &[Turn; 2]) -> f64 {
    two.ns / one.ns
}

fn turn(threads: usize, root: Root<'_>) -> Turn {
    const TIME: Duration = Duration::from_millis(20);
    let barrier = Barrier::new(threads);
    let one = || {
        let warm = Instant::now();
        while warm.elapsed() < TIME / 10 {
            black_box(root(super::CHILDREN));
        }
        barrier.wait();
        let yardstick_ns = measure::yardstick();
        let (start, before) = (Instant::now(), cpu_ns());
        let mut calls = 0;
        while start.elapsed() < TIME {
            for _ in 0..BATCH {
                black_box(root(super::CHILDREN));
            }
            calls += BATCH * super::CHILDREN;
        }
        let ns = (cpu_ns() - before) as f64 / calls as f64;
        Turn {
            ns,
            yardstick_ns: yardstick_ns.max(measure::yardstick()),
        }
    };
    let all: Vec<Turn> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    Turn {
        ns: all.iter().map(|turn| turn.ns).sum::<f64>() / threads as f64,
        yardstick_ns: all.iter().map(|turn| turn.yardstick_ns).fold(0.0, f64::max),
    }
}

/// CPU time of this thread; wall clock time where the system does not say.
fn cpu_ns() -> u64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| START.elapsed().as_nanos() as u64)
}
