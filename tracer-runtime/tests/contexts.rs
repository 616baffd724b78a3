//! Context crosses whatever work crosses: awaits, tasks, threads, pools, joins.
#![cfg(feature = "full")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::{Builder, Runtime};
use tracer_runtime::{Context, FutureExt, spawn, spawn_blocking, testing, traced, wrap};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(3)
        .build()
        .unwrap()
}

#[traced]
fn leaf() {}

#[traced]
async fn step(n: u32) -> u32 {
    tokio::task::yield_now().await;
    leaf();
    n
}

/// The tree of a traced future that runs on a runtime of several threads.
fn tree_of<T>(future: impl Future<Output = T>) -> String {
    let (capture, runtime) = (testing::capture(), runtime());
    runtime.block_on(future);
    drop(runtime);
    capture.tree()
}

#[test]
fn a_context_crosses_an_await_that_moves_between_threads() {
    #[traced]
    async fn moves() {
        for _ in 0..2 {
            // A task hops freely between the workers.
            step(1).await;
        }
        leaf();
    }
    let tree = tree_of(async { tokio::spawn(moves().in_context(Context::current())).await });
    // Nothing was current where it was spawned: its trace belongs to nobody here.
    assert_eq!(tree, "");
    let tree = tree_of(moves());
    assert_eq!(
        tree,
        "moves [ok]\n  step [ok]\n    leaf [ok]\n  step [ok]\n    leaf [ok]\n  leaf [ok]\n"
    );
}

#[test]
fn a_context_crosses_tasks_blocking_pools_and_threads() {
    #[traced]
    async fn spreads() {
        spawn(step(1)).await.unwrap();
        spawn_blocking(leaf).await.unwrap();
        std::thread::spawn(wrap(leaf)).join().unwrap();
        tokio::spawn(step(2).in_current_context()).await.unwrap();
        // Neither of these has been told of it.
        std::thread::spawn(leaf).join().unwrap();
        tokio::spawn(step(3)).await.unwrap();
    }
    assert_eq!(
        tree_of(spreads()),
        "spreads [ok]\n  step [ok]\n    leaf [ok]\n  leaf [ok]\n  leaf [ok]\n  step [ok]\n    leaf [ok]\n"
    );
}

#[test]
fn a_context_crosses_into_the_closures_of_a_pool_that_borrows() {
    #[traced]
    fn chunk(numbers: &[u64]) -> u64 {
        numbers.iter().sum()
    }
    #[traced]
    fn parallel_sum(numbers: &[u64]) -> u64 {
        let context = Context::current();
        std::thread::scope(|scope| {
            let parts: Vec<_> = numbers
                .chunks(4)
                .map(|part| {
                    scope.spawn(move || {
                        let _context = context.attach();
                        chunk(part)
                    })
                })
                .collect();
            parts.into_iter().map(|part| part.join().unwrap()).sum()
        })
    }
    let capture = testing::capture();
    assert_eq!(parallel_sum(&[1; 12]), 12);
    assert_eq!(
        capture.tree(),
        "parallel_sum [ok]\n  chunk [ok]\n  chunk [ok]\n  chunk [ok]\n"
    );
}

#[test]
fn futures_that_run_interleaved_keep_their_own_children() {
    #[traced]
    async fn joins() {
        tokio::join!(step(1), step(2));
        futures_util::future::join_all([step(3), step(4)]).await;
        let mut unordered: FuturesUnordered<_> = (5..8).map(step).collect();
        while unordered.next().await.is_some() {}
    }
    let tree = tree_of(joins());
    assert_eq!(
        tree,
        format!("joins [ok]\n{}", "  step [ok]\n    leaf [ok]\n".repeat(7))
    );
}

#[test]
fn a_future_that_loses_a_select_is_cancelled_where_it_began() {
    #[traced]
    async fn never() {
        std::future::pending::<()>().await;
    }
    #[traced]
    async fn selects() {
        tokio::select! {
            biased;
            () = never() => {}
            _ = step(1) => {}
        }
        leaf();
    }
    assert_eq!(
        tree_of(selects()),
        "selects [ok]\n  never [cancelled]\n  step [ok]\n    leaf [ok]\n  leaf [ok]\n"
    );
}

#[test]
fn a_future_moved_to_another_task_after_its_first_poll_stays_in_its_trace() {
    #[traced]
    async fn hands_over() {
        let mut child: Boxed<u32> = Box::pin(step(1));
        poll_fn(|cx| {
            assert!(child.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        // Moved with the context, moved without, and back to where it began.
        let mut other: Boxed<u32> = Box::pin(step(2));
        poll_fn(|cx| {
            assert!(other.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        spawn(child).await.unwrap();
        tokio::spawn(other).await.unwrap();
    }
    assert_eq!(
        tree_of(hands_over()),
        "hands_over [ok]\n  step [ok]\n    leaf [ok]\n  step [ok]\n    leaf [ok]\n"
    );
}

#[test]
fn tasks_that_outlive_their_root_are_in_its_trace() {
    let (go, gone) = mpsc::channel::<()>();
    #[traced]
    async fn leaves_a_task_behind(gone: mpsc::Receiver<()>) {
        drop(spawn_blocking(move || {
            gone.recv().unwrap();
            leaf();
        }));
        drop(spawn(step(1)));
    }
    let (capture, runtime) = (testing::capture(), runtime());
    runtime.block_on(leaves_a_task_behind(gone));
    go.send(()).unwrap();
    let tree = capture.tree();
    assert!(tree.starts_with("leaves_a_task_behind [ok]\n"), "{tree}");
    assert_eq!(tree.matches("  leaf [ok]\n").count(), 2, "{tree}");
    assert!(tree.contains("  step [ok]\n    leaf [ok]\n"), "{tree}");
}
