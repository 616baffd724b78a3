//! Memory: bounded by thread, flat while threads come and go, flat in a server whose requests are tasks of a trace
//! that never ends.
#![cfg(feature = "tokio")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use support::allocator::{Observed, live};
use support::polling::{pause, poll};
use support::{metric, server, settled};
use tracer_runtime::__private::{self as p, Callsite};
use tracer_runtime::{FutureExt, Keep, Sampler, Telemetry, builder, traced};

#[global_allocator]
static ALLOCATOR: Observed = Observed::counting();

const CALLSITES: usize = 300;

fn sites() -> &'static [Callsite] {
    static SITES: OnceLock<Vec<Callsite>> = OnceLock::new();
    SITES.get_or_init(|| {
        (0..CALLSITES)
            .map(|i| {
                Callsite::new(
                    "site",
                    Box::leak(format!("site {i}").into_boxed_str()),
                    "memory",
                )
            })
            .collect()
    })
}

fn call(site: &'static Callsite) {
    p::enter(site).finish();
}

/// What fills every pool of a thread: long, deep, many traces at once, tasks, attributes.
fn everything(sites: &'static [Callsite]) {
    for site in sites {
        call(site);
    }
    let site = &sites[0];
    {
        let mut root = p::enter(site);
        for _ in 0..5000 {
            let mut guard = p::enter(site);
            tracer_runtime::record("key", "value");
            guard.finish();
        }
        root.finish();
    }
    let nested: Vec<_> = (0..600)
        .map(|_| p::enter_at(site, p::Start::root()))
        .collect();
    for mut guard in nested.into_iter().rev() {
        guard.finish();
    }
    let mut root = p::enter(site);
    let mut tasks: Vec<_> = (0..100)
        .map(|_| Box::pin(p::traced(site, pause()).in_current_context()))
        .collect();
    let mut roots: Vec<_> = (0..100)
        .map(|_| Box::pin(p::traced_at(site, p::Start::root(), pause(), p::AlwaysOk)))
        .collect();
    for _ in 0..2 {
        tasks.iter_mut().for_each(poll);
        roots.iter_mut().for_each(poll);
    }
    root.finish();
}

/// Bytes that a further thread holds after `work`, while it lives; the first one has made what the process shares.
fn held_by_a_thread(work: fn()) -> usize {
    let (ready, is_ready) = channel();
    let mut threads = Vec::new();
    let mut held = Vec::new();
    for _ in 0..4 {
        let (end, ended) = channel::<()>();
        let ready = ready.clone();
        let thread = std::thread::spawn(move || {
            // Nothing on the heap, so that the reading is of the recorder alone.
            ready.send(()).unwrap();
            let _ = ended.recv();
            work();
            ready.send(()).unwrap();
            let _ = ended.recv();
        });
        is_ready.recv().unwrap();
        let before = live();
        end.send(()).unwrap();
        is_ready.recv().unwrap();
        held.push(live().saturating_sub(before));
        threads.push((thread, end));
    }
    for (thread, end) in threads {
        drop(end);
        thread.join().unwrap();
    }
    held[3]
}

fn a_thread_holds_a_bounded_number_of_bytes() {
    let all = held_by_a_thread(|| everything(sites()));
    assert!(all <= (64 << 10) + CALLSITES * 1024, "{all} bytes");
    let few = held_by_a_thread(|| everything(&sites()[..1]));
    assert!(few <= (64 << 10) + 1024, "{few} bytes");
    // One of each 60 that the process has: what a thread does not call takes no room.
    let sparse = held_by_a_thread(|| sites().iter().step_by(60).for_each(call));
    assert!(
        sparse <= (16 << 10) + CALLSITES / 60 * 1024,
        "{sparse} bytes"
    );
    eprintln!(
        "a thread holds {all} bytes with {CALLSITES} callsites, {few} with one, {sparse} after 5 plain calls"
    );
}

#[traced]
fn short_work() {
    inner_work();
}

#[traced]
fn inner_work() {}

fn threads_come_and_go_in_flat_memory_and_lose_nothing() {
    const THREADS: u64 = 10_000;
    let before = settled();
    let run = |threads: u64| {
        for _ in 0..threads / 4 {
            let four = [(); 4].map(|()| std::thread::spawn(|| (0..10).for_each(|_| short_work())));
            four.into_iter().for_each(|thread| thread.join().unwrap());
        }
    };
    run(THREADS / 10);
    let warm = live();
    run(THREADS - THREADS / 10);
    let grown = live().saturating_sub(warm);
    assert!(grown < 64 << 10, "{grown} bytes");
    let of = |name| {
        metric(&format!(
            "function_calls_total{{function=\"{name}\",module=\"memory\",outcome=\"ok\"}}"
        ))
    };
    assert_eq!(
        (of("short_work"), of("inner_work")),
        (10 * THREADS, 10 * THREADS)
    );
    assert_eq!(settled() - before, 20 * THREADS);
    eprintln!("{THREADS} threads: {grown} bytes more");
}

fn a_server_loop_that_is_a_trace_runs_in_flat_memory_with_a_verdict_for_each_request(
    telemetry: &Telemetry,
) {
    const REQUESTS: u64 = 100_000;
    let before = settled();
    let (mut early, mut most) = (0, 0);
    server::run(REQUESTS, 50, |n| {
        let peak = if n <= REQUESTS / 4 {
            &mut early
        } else {
            &mut most
        };
        *peak = live().max(*peak);
    });
    telemetry.flush(Duration::from_secs(60)).unwrap();
    let grown = most.saturating_sub(early);
    assert!(grown < 1 << 20, "{grown} bytes");
    // The loop itself is one more.
    assert_eq!(settled() - before, REQUESTS + 1);
    eprintln!("{REQUESTS} requests: {grown} bytes more");
}

#[traced]
fn subscribe() {}

#[traced]
async fn stream() {
    subscribe();
    pause().await;
}

/// As a server has them that keeps its clients' connections open.
fn many_roots_that_wait_stay_within_the_default_budget() {
    const ROOTS: u64 = 50_000;
    let before = (settled(), metric("tracer_records_total{fate=\"dropped\"}"));
    let mut streams: Vec<_> = (0..ROOTS).map(|_| Box::pin(stream())).collect();
    streams.iter_mut().for_each(poll);
    let held = metric("tracer_memory_usage_bytes");
    assert!(held < 48 << 20, "{held} bytes");
    streams.iter_mut().for_each(poll);
    drop(streams);
    assert_eq!(settled() - before.0, 2 * ROOTS);
    assert_eq!(metric("tracer_records_total{fate=\"dropped\"}"), before.1);
    let left = metric("tracer_memory_usage_bytes");
    assert!(left < 1 << 20, "{left} bytes");
    eprintln!("{ROOTS} roots that wait: {} bytes each", held / ROOTS);
}

#[test]
fn memory_is_bounded() {
    let telemetry = builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_discarding_exporter()
        .init()
        .unwrap();
    a_thread_holds_a_bounded_number_of_bytes();
    many_roots_that_wait_stay_within_the_default_budget();
    threads_come_and_go_in_flat_memory_and_lose_nothing();
    a_server_loop_that_is_a_trace_runs_in_flat_memory_with_a_verdict_for_each_request(&telemetry);
    telemetry.shutdown(Duration::from_secs(60)).unwrap();
}
