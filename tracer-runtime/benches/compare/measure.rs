//! Rows that are measured in turns, so that drift hits all alike; and the floor.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Calls between two looks at the clock, about.
const CALLS_A_SAMPLE: u64 = 2_000;
/// Where everything is exported before the next sample: with what warms up, no more than the SDK's queue holds.
const CALLS_A_BURST: u64 = 1_000;

struct Row {
    key: &'static str,
    title: &'static str,
    calls: u64,
    run: Box<dyn FnMut()>,
    /// Exports everything, outside of what is measured.
    settle: Option<Box<dyn FnMut()>>,
    made: u64,
    samples: Vec<Sample>,
}

#[derive(Clone, Copy)]
struct Sample {
    /// Nanoseconds a call.
    ns: f64,
    /// What the yardstick took just before and just after, the longer.
    yardstick_ns: f64,
}

/// Undisturbed samples that a median needs.
pub(crate) const ENOUGH: usize = 20;
/// A sample counts as undisturbed when the yardstick took at most so much longer than at its best.
const DISTURBED: f64 = 1.08;

#[derive(Default)]
pub(crate) struct Rows(Vec<Row>);

impl Rows {
    /// `run` makes `calls` calls.
    pub(crate) fn add(
        &mut self,
        key: &'static str,
        title: &'static str,
        calls: u64,
        run: impl FnMut() + 'static,
    ) {
        self.0.push(Row {
            key,
            title,
            calls,
            run: Box::new(run),
            settle: None,
            made: 0,
            samples: Vec::new(),
        });
    }

    /// In bursts, each of which `settle` exports to its last span before the next one begins.
    pub(crate) fn add_in_bursts(
        &mut self,
        key: &'static str,
        title: &'static str,
        calls: u64,
        run: impl FnMut() + 'static,
        settle: impl FnMut() + 'static,
    ) {
        self.0.push(Row {
            key,
            title,
            calls,
            run: Box::new(run),
            settle: Some(Box::new(settle)),
            made: 0,
            samples: Vec::new(),
        });
    }

    /// CPU time of all threads, nanoseconds a call, with what exports.
    pub(crate) fn cpu_of_all_threads(&mut self, key: &str, time: Duration) -> f64 {
        let row = self.0.iter_mut().find(|row| row.key == key).unwrap();
        row.settle();
        let (start, before, mut calls) = (Instant::now(), cpu_of_all_threads(), 0);
        while start.elapsed() < time {
            calls += row.burst();
            row.settle();
        }
        let ns = (cpu_of_all_threads() - before) as f64 / calls as f64;
        println!("{:<52}{ns:>16.1}  CPU of all threads", row.title);
        ns
    }

    /// Fills and prints the table.
    pub(crate) fn measure(&mut self, per_row: Duration) {
        for row in &mut self.0 {
            let start = Instant::now();
            while start.elapsed() < per_row / 10 {
                row.burst();
                row.settle();
            }
        }
        let total = per_row * self.0.len() as u32;
        let start = Instant::now();
        while start.elapsed() < total {
            self.0.iter_mut().for_each(Row::sample);
        }
        self.print();
    }

    fn print(&self) {
        let floor = self.find("floor").map(Row::median);
        let all: usize = self.0.iter().map(|row| row.samples.len()).sum();
        let calm: usize = self.0.iter().map(|row| row.calm().count()).sum();
        let share = 100.0 * calm as f64 / all as f64;
        println!(
            "{share:.0} % of the samples undisturbed; where there are enough, only these count"
        );
        println!(
            "{:<52}{:>8}{:>8}{:>8}{:>8}",
            "ns a call", "min", "p50", "p90", "x floor"
        );
        for row in &self.0 {
            let sorted = sorted(row.considered());
            let at = |share: f64| sorted[(sorted.len() as f64 * share) as usize];
            let times = floor.map_or(String::new(), |floor| {
                format!("{:.2}", row.median() / floor)
            });
            println!(
                "{:<52}{:>8.1}{:>8.1}{:>8.1}{times:>8}",
                row.title,
                at(0.0),
                at(0.5),
                at(0.9)
            );
        }
    }

    fn find(&self, key: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.key == key)
    }

    /// Calls of a row, measured or not.
    pub(crate) fn made(&self, key: &str) -> u64 {
        self.find(key).unwrap().made
    }

    /// Nanoseconds a call.
    pub(crate) fn median(&self, key: &str) -> f64 {
        self.find(key).unwrap().median()
    }

    /// What a call takes by what the yardstick beside it took: for rows that cannot take turns, whose moments may differ.
    pub(crate) fn by_yardstick(&self, key: &str) -> f64 {
        let samples = self.find(key).unwrap().samples.iter();
        median(samples.map(|s| s.ns / s.yardstick_ns).collect())
    }

    /// The median over the rounds of one row by another: what slows a round down slows both.
    pub(crate) fn ratio(&self, key: &str, by: &str) -> f64 {
        self.of_both(key, by, |a, b| a / b)
    }

    /// The median over the rounds of one row less another.
    pub(crate) fn difference(&self, key: &str, less: &str) -> f64 {
        self.of_both(key, less, |a, b| a - b)
    }

    fn of_both(&self, a: &str, b: &str, f: impl Fn(f64, f64) -> f64) -> f64 {
        let (a, b) = (self.find(a).unwrap(), self.find(b).unwrap());
        let rounds = || a.samples.iter().zip(&b.samples);
        let best = best_yardstick();
        let calm: Vec<f64> = rounds()
            .filter(|(a, b)| a.is_calm(best) && b.is_calm(best))
            .map(|(a, b)| f(a.ns, b.ns))
            .collect();
        match calm.len() >= ENOUGH {
            true => median(calm),
            false => median(rounds().map(|(a, b)| f(a.ns, b.ns)).collect()),
        }
    }
}

impl Row {
    fn settle(&mut self) {
        if let Some(settle) = &mut self.settle {
            settle();
        }
    }

    /// How many calls it has made.
    fn burst(&mut self) -> u64 {
        let calls = match self.settle {
            Some(_) => CALLS_A_BURST,
            None => CALLS_A_SAMPLE,
        };
        let runs = calls.div_ceil(self.calls);
        for _ in 0..runs {
            (self.run)();
        }
        self.made += runs * self.calls;
        runs * self.calls
    }

    fn sample(&mut self) {
        // What the rows before have pushed out of the caches comes back first.
        (self.run)();
        (self.run)();
        self.made += 2 * self.calls;
        let before = yardstick();
        let start = Instant::now();
        let calls = self.burst();
        let ns = start.elapsed().as_nanos() as f64 / calls as f64;
        self.settle();
        self.samples.push(Sample {
            ns,
            yardstick_ns: before.max(yardstick()),
        });
    }

    fn calm(&self) -> impl Iterator<Item = f64> {
        let best = best_yardstick();
        let calm = self.samples.iter().filter(move |s| s.is_calm(best));
        calm.map(|s| s.ns)
    }

    /// The undisturbed samples, or all where these are too few.
    fn considered(&self) -> Vec<f64> {
        let calm: Vec<f64> = self.calm().collect();
        match calm.len() >= ENOUGH {
            true => calm,
            false => self.samples.iter().map(|s| s.ns).collect(),
        }
    }

    fn median(&self) -> f64 {
        median(self.considered())
    }
}

impl Sample {
    fn is_calm(&self, best: f64) -> bool {
        self.yardstick_ns <= best * DISTURBED
    }
}

fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_by(f64::total_cmp);
    samples
}

fn median(samples: Vec<f64>) -> f64 {
    let sorted = sorted(samples);
    sorted[sorted.len() / 2]
}

/// Nanoseconds of a piece of arithmetic that keeps every unit of a core busy. It takes longer when somebody else runs
/// on the same core, as the sibling of a virtual processor may: that slows down what executes instructions, and not the
/// floor, which waits for the clock.
pub(crate) fn yardstick() -> f64 {
    let start = Instant::now();
    let mut lanes = [1_u64, 2, 3, 4, 5, 6, 7, 8];
    for i in 0..400_u64 {
        for lane in &mut lanes {
            *lane = lane.rotate_left(5) ^ black_box(i);
        }
    }
    black_box(lanes);
    let ns = start.elapsed().as_nanos() as f64;
    BEST_YARDSTICK_NS.fetch_min(ns as u64, Relaxed);
    ns
}

/// Whether nobody else ran on the core, by what the yardstick took.
pub(crate) fn is_calm(yardstick_ns: f64) -> bool {
    yardstick_ns <= best_yardstick() * DISTURBED
}

/// As the system has it; a thread that runs may be a tick behind.
fn cpu_of_all_threads() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let cpu = |thread: std::fs::DirEntry| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    threads.flatten().filter_map(cpu).sum()
}

static BEST_YARDSTICK_NS: AtomicU64 = AtomicU64::new(u64::MAX);

fn best_yardstick() -> f64 {
    BEST_YARDSTICK_NS.load(Relaxed) as f64
}

/// As large as the record of a span.
#[repr(C, align(64))]
#[derive(Clone, Copy, Default)]
struct Line([u64; 8]);

/// Where the floor writes.
pub(crate) struct Scratch(Box<[Line; 64]>);

impl Default for Scratch {
    fn default() -> Self {
        Self(Box::new([Line::default(); 64]))
    }
}

impl Scratch {
    /// A call that knows when it began and how long it took, and writes that down.
    #[inline(never)]
    pub(crate) fn floor(&mut self, i: u64) -> u64 {
        let start = ticks();
        let result = black_box(i) + 1;
        let end = ticks();
        self.0[i as usize % 64] = Line([i, result, start, end - start, i, i, i, i]);
        result
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "the intrinsic is declared unsafe")]
fn ticks() -> u64 {
    // SAFETY: RDTSC exists on every x86_64 processor and touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn ticks() -> u64 {
    Instant::now().elapsed().as_nanos() as u64
}

/// Drives a future that never waits.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
