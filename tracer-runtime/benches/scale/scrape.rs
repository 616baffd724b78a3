//! What a scrape costs, by the number of series and of threads.

use crate::cost::{cpu_of, median};
use crate::programs::{call_at, make_callsites};
use std::sync::Barrier;

/// Functions that one thread has called.
pub(crate) fn series(quick: bool) {
    let sites = make_callsites(10_000);
    let mut called = 0;
    for series in [1, 100, 1_000, 10_000] {
        sites[called..series].iter().for_each(call_at);
        called = series;
        report(&format!("{series} functions, 1 thread"), series, quick);
    }
}

/// Functions that many threads have called.
pub(crate) fn threads(quick: bool) {
    const FUNCTIONS: usize = 1_000;
    let sites = make_callsites(FUNCTIONS);
    for threads in [2, 4, 16, 64] {
        // All at once: a thread takes over the cells of one that has ended.
        let together = Barrier::new(threads);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    sites.iter().for_each(call_at);
                    together.wait();
                });
            }
        });
        let title = format!("{FUNCTIONS} functions, {threads} threads");
        report(&title, FUNCTIONS * threads, quick);
    }
}

fn report(title: &str, cells: usize, quick: bool) {
    let times = if quick { 5 } else { 15 };
    let mut bytes = 0;
    let encode = || cpu_of(|| bytes = tracer_runtime::metrics::encode().len()) as f64;
    let ns = median(std::iter::repeat_with(encode).take(times).collect());
    println!(
        "{title:<32}{:>10.3} ms{:>10.0} ns a cell{bytes:>12} bytes",
        ns / 1e6,
        ns / cells as f64
    );
}
