//! Records made = exported + discarded + dropped(reason), exactly, in a process that was started with `init`.
#![cfg(feature = "tokio")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use support::{calls, dropped, metric, settled};
use tracer_runtime::{Context, Keep, Sampler, builder, traced};

/// Calls that have been made, by their own count.
static MADE: AtomicU64 = AtomicU64::new(0);

fn made() {
    MADE.fetch_add(1, Relaxed);
}

#[traced]
fn leaf(n: u64) -> Result<u64, std::fmt::Error> {
    made();
    if n.is_multiple_of(97) {
        Err(std::fmt::Error)
    } else {
        Ok(n)
    }
}

#[traced]
fn branch(n: u64) {
    made();
    for i in 0..n % 5 {
        let _ = leaf(n + i);
    }
}

#[traced]
fn panics() {
    made();
    panic!("on purpose");
}

#[traced]
async fn step(n: u64) -> Result<u64, std::fmt::Error> {
    made();
    tokio::task::yield_now().await;
    leaf(n)
}

#[traced]
async fn request(n: u64) {
    made();
    let task = tracer_runtime::spawn(step(n));
    let blocking = tracer_runtime::spawn_blocking(move || branch(n));
    let _ = step(n + 1).await;
    // Some end before their tasks, some are cancelled with a call under way.
    match n % 3 {
        0 => drop(task.await),
        1 => blocking.await.unwrap(),
        _ => {
            let mut late = Box::pin(step(n));
            let first = std::future::poll_fn(|cx| {
                let _ = late.as_mut().poll(cx);
                std::task::Poll::Ready(())
            });
            first.await;
        }
    }
}

fn load() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let threads: Vec<_> = (0..3)
        .map(|thread| {
            std::thread::spawn(move || {
                for n in 0..3000 {
                    branch(n + thread);
                }
                let _ = std::panic::catch_unwind(panics);
                let context = Context::current();
                assert!(!context.is_valid());
            })
        })
        .collect();
    runtime.block_on(async {
        for round in 0..60 {
            let requests: Vec<_> = (0..20)
                .map(|n| tokio::spawn(request(round * 20 + n)))
                .collect();
            for request in requests {
                request.await.unwrap();
            }
        }
    });
    for thread in threads {
        thread.join().unwrap();
    }
    // Waits for the tasks and closures that still run.
    drop(runtime);
}

/// Kept traces, faster than anybody can take them.
fn burst() {
    for n in 0..2000 {
        let _ = leaf(n * 97);
    }
}

#[test]
fn every_record_has_one_fate_under_load_and_after_the_shutdown() {
    let telemetry = builder()
        .with_sampler(Sampler::ratio(0.3))
        .with_keep(Keep::errors())
        // Little enough for the queue to be full at times.
        .with_memory_limit(1 << 20)
        .with_discarding_exporter()
        .init()
        .unwrap();
    load();
    burst();
    telemetry.flush(Duration::from_secs(60)).unwrap();
    let made = MADE.load(Relaxed);
    assert_eq!(calls(), made);
    assert_eq!(settled(), made);
    for fate in ["exported", "discarded", "dropped"] {
        assert!(
            metric(&format!("tracer_records_total{{fate=\"{fate}\"}}")) > 0,
            "{fate}"
        );
    }
    assert!(dropped("queue_full") > 0);
    assert_eq!((dropped("misnested"), dropped("reentrant")), (0, 0));

    // A trace that is open when telemetry stops has a fate as well.
    let (open, close) = std::sync::mpsc::channel::<()>();
    let (opened, is_open) = std::sync::mpsc::channel();
    #[traced]
    fn outlives(
        opened: std::sync::mpsc::Sender<()>,
        close: std::sync::mpsc::Receiver<()>,
    ) -> Result<(), std::fmt::Error> {
        let _ = leaf(1);
        opened.send(()).unwrap();
        let _ = close.recv();
        Err(std::fmt::Error)
    }
    let late = std::thread::spawn(move || outlives(opened, close));
    is_open.recv().unwrap();
    telemetry.shutdown(Duration::from_secs(60)).unwrap();
    drop(open);
    assert!(late.join().unwrap().is_err());
    let after = MADE.load(Relaxed) + 1;
    assert_eq!(calls(), after);
    assert_eq!(settled(), after);
    assert_eq!(dropped("shutdown"), 2);
    // Nothing records any more.
    branch(4);
    assert_eq!((calls(), settled()), (after, after));
}
