use super::*;
use crate::metrics::{adopt, shared_cell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::Duration;

/// The only series of a module; every test has its own.
fn series(module: &str) -> FunctionSeries {
    let mut functions = snapshot().functions;
    functions.retain(|series| series.module == module);
    assert_eq!(functions.len(), 1, "{functions:?}");
    functions.remove(0)
}

fn ticks(duration: Duration) -> u64 {
    clock::scale().ticks(duration)
}

/// Runs on a thread of its own, with the cell of that thread.
fn on_a_thread(site: &'static Callsite, work: impl FnOnce(&Cell) + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let block = adopt();
            work(block.get().cell(site));
        });
    });
}

#[test]
fn a_call_is_in_flight_and_then_has_an_outcome_and_a_duration() {
    static SITE: Callsite = Callsite::new("span", "work", "one_call");
    prepare();
    on_a_thread(&SITE, |cell| {
        cell.begin();
        let during = series("one_call");
        assert_eq!((during.in_flight, during.outcomes), (1, [0; 4]));
        assert_eq!(during.durations.count(), 0);
        cell.end(CallOutcome::Error, ticks(Duration::from_millis(300)));
    });
    let after = series("one_call");
    assert_eq!((after.function, after.in_flight), ("work", 0));
    assert_eq!(after.outcomes, [0, 1, 0, 0]);
    assert_eq!(after.durations.counts, [1]);
    assert_eq!(
        after.durations.offset, -14,
        "0.3 s lies in (2^(-14/8), 2^(-13/8)]"
    );
    assert!((after.durations.sum - 0.3).abs() < 1e-6);
}

#[test]
fn calls_of_every_length_are_in_their_bucket() {
    static SITE: Callsite = Callsite::new("f", "f", "lengths");
    prepare();
    let lengths = [1e-9, 1e-6, 1e-3, 0.9, 1.1, 7.0, 3_600.0, 1e6];
    on_a_thread(&SITE, |cell| {
        for seconds in lengths {
            cell.begin();
            cell.end(CallOutcome::Ok, ticks(Duration::from_secs_f64(seconds)));
        }
    });
    let durations = series("lengths").durations;
    assert_eq!((durations.count(), durations.zero_count), (8, 1));
    for seconds in &lengths[1..] {
        let bucket = (seconds.log2() * 8.0).ceil() as i32 - 1;
        let count = durations.counts[(bucket - durations.offset) as usize];
        assert_eq!(count, 1, "{seconds} s");
    }
    let sum: f64 = lengths.iter().sum();
    assert!((durations.sum / sum - 1.0).abs() < 1e-6);
}

#[test]
fn series_with_the_same_labels_are_one_and_span_only_callsites_are_none() {
    static ONE: Callsite = Callsite::new("f", "f", "same_labels");
    static TWO: Callsite = Callsite::new("g", "f", "same_labels");
    static NONE: Callsite = Callsite::new("h", "h", "same_labels").without_metrics();
    prepare();
    for site in [&ONE, &TWO, &NONE] {
        on_a_thread(site, |cell| {
            cell.begin();
            cell.end(CallOutcome::Ok, 1_000);
        });
    }
    let merged = series("same_labels");
    assert_eq!(
        (merged.outcomes, merged.durations.count()),
        ([2, 0, 0, 0], 2)
    );
}

#[test]
fn the_next_thread_goes_on_with_the_same_cell() {
    static SITE: Callsite = Callsite::new("f", "f", "adopted");
    prepare();
    for _ in 0..20 {
        on_a_thread(&SITE, |cell| {
            cell.begin();
            cell.end(CallOutcome::Ok, 1_000);
        });
    }
    assert_eq!(series("adopted").outcomes, [20, 0, 0, 0]);
    let cells = cell::all().into_iter();
    let mine = cells.filter(|cell| std::ptr::eq(cell.shared.callsite, &SITE));
    // Other tests adopt blocks as well.
    assert!(mine.count() <= 16);
}

#[test]
fn calls_without_a_thread_local_count_too() {
    static SITE: Callsite = Callsite::new("f", "f", "no_thread_local");
    prepare();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let cell = shared_cell(&SITE);
                    cell.begin_shared();
                    cell.end_shared(CallOutcome::Cancelled, 1_000);
                }
            });
        }
    });
    let after = series("no_thread_local");
    assert_eq!((after.outcomes, after.in_flight), ([0, 0, 0, 400], 0));
    assert_eq!(after.durations.count(), 400);
}

/// Pairs of threads; each starts calls that the other one ends.
fn exchange_calls(site: &'static Callsite, calls: u32) {
    std::thread::scope(|scope| {
        let (to_b, from_a) = mpsc::channel::<u64>();
        let (to_a, from_b) = mpsc::channel::<u64>();
        for (to, from) in [(to_b, from_b), (to_a, from_a)] {
            scope.spawn(move || {
                let block = adopt();
                let cell = block.get().cell(site);
                for n in 0..calls {
                    cell.begin();
                    // The receiver is there until it has taken as many as it has sent.
                    to.send(u64::from(n) * 97).expect("the other side is there");
                    let duration = from.recv().expect("the other side sends as many");
                    cell.end(CallOutcome::ALL[n as usize % 4], duration);
                }
            });
        }
    });
}

#[test]
fn no_snapshot_shows_more_ends_than_starts_or_a_counter_that_fell() {
    static SITE: Callsite = Callsite::new("f", "f", "moving");
    const CALLS: u32 = if cfg!(miri) { 20 } else { 2_000 };
    const ROUNDS: u32 = if cfg!(miri) { 2 } else { 20 };
    prepare();
    let done = AtomicBool::new(false);
    on_a_thread(&SITE, |_| ());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                exchange_calls(&SITE, CALLS);
            }
            done.store(true, Relaxed);
        });
        let mut last: HashMap<String, u64> = HashMap::new();
        while !done.load(Relaxed) {
            let raw = &super::read()[&("moving", "f")];
            assert!(raw.started >= raw.ended.iter().sum(), "too many ends");
            let now = series("moving");
            let ended: u64 = now.outcomes.iter().sum();
            assert!(now.durations.count() >= ended, "{now:?}");
            let mut counters = vec![("count".into(), now.durations.count())];
            counters.extend(
                now.outcomes
                    .iter()
                    .enumerate()
                    .map(|(i, &n)| (i.to_string(), n)),
            );
            let buckets = (now.durations.offset..).zip(&now.durations.counts);
            counters.extend(buckets.map(|(bucket, &n)| (format!("bucket {bucket}"), n)));
            for (name, n) in counters {
                let before = last.insert(name.clone(), n).unwrap_or(0);
                assert!(n >= before, "{name} fell from {before} to {n}");
            }
        }
    });
    let after = series("moving");
    let calls = u64::from(2 * CALLS * ROUNDS);
    assert_eq!((after.outcomes, after.in_flight), ([calls / 4; 4], 0));
    assert_eq!(after.durations.count(), calls);
}

#[test]
fn calls_that_begin_during_a_reading_are_not_in_flight() {
    static SITE: Callsite = Callsite::new("f", "f", "busy");
    prepare();
    let done = AtomicBool::new(false);
    on_a_thread(&SITE, |_| ());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            on_a_thread(&SITE, |cell| {
                while !done.load(Relaxed) {
                    cell.begin();
                    cell.end(CallOutcome::Ok, 1);
                }
            });
        });
        // An unlucky reading may be a few calls off; not all of them are unlucky.
        let right = std::iter::repeat_with(|| series("busy").in_flight).position(|n| n <= 1);
        assert!(right.is_some());
        done.store(true, Relaxed);
    });
}

#[test]
fn a_full_bucket_is_carried_over_and_no_snapshot_sees_it_twice_or_never() {
    static SITE: Callsite = Callsite::new("f", "f", "carried");
    const CALLS: u64 = if cfg!(miri) { 20 } else { 20_000 };
    prepare();
    let count = || series("carried").durations.count();
    let durations = [1, 1_000].map(|us| ticks(Duration::from_micros(us)));
    let done = AtomicBool::new(false);
    on_a_thread(&SITE, |cell| {
        let mut before = count();
        cell.begin();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let now = count();
                    assert!(now >= before, "fell from {before} to {now}");
                    assert!((now + 1) % (1 << 32) <= 1, "neither full nor empty: {now}");
                    before = now;
                }
            });
            for n in 0..CALLS {
                let duration = durations[n as usize % 2];
                cell.fill_bucket_for_tests(duration);
                cell.end(CallOutcome::Ok, duration);
            }
            done.store(true, Relaxed);
        });
    });
    assert_eq!(count(), CALLS << 32);
}

#[test]
fn a_cell_grows_with_the_range_of_durations_that_it_has_seen() {
    static SITE: Callsite = Callsite::new("f", "f", "grows");
    prepare();
    on_a_thread(&SITE, |cell| {
        let mut grown = Vec::new();
        for duration in [50, 100, 900_000, 1_100_000] {
            cell.begin();
            cell.end(CallOutcome::Ok, ticks(Duration::from_micros(duration)));
            grown.push((cell.is_longer(), cell.shared.wide().is_some()));
        }
        let expected = [(false, false), (true, false), (true, false), (true, true)];
        assert_eq!(grown, expected);
    });
}

#[test]
fn a_sum_beyond_64_bits_goes_on() {
    static SITE: Callsite = Callsite::new("f", "f", "sum");
    prepare();
    on_a_thread(&SITE, |cell| {
        for _ in 0..5 {
            cell.begin();
            cell.end(CallOutcome::Ok, u64::MAX / 2);
        }
    });
    let durations = series("sum").durations;
    let expected = 2.5 * 2_f64.powi(64) * clock::scale().ns_per_tick * 1e-9;
    assert!((durations.sum / expected - 1.0).abs() < 1e-9);
    assert_eq!(durations.count(), 5);
}
