//! Calls that are polled again and again, here and there, and what runs beside them.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll, Waker};

use opentelemetry_sdk::trace::Sampler;
use tracer_runtime::{FutureExt as _, traced, wrap};
use tracing::Dispatch;
use tracing::dispatcher::{self, with_default};
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

use crate::layers::{Both, named, ours, theirs};

/// Pending so many times.
struct Pending(u8);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<()> {
        match self.0 {
            0 => Poll::Ready(()),
            _ => {
                self.0 -= 1;
                task.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

#[traced]
async fn outer() -> String {
    let before = ours();
    Pending(1).await;
    assert_eq!((ours(), theirs()), (before.clone(), before.clone()));
    inner(1).await;
    assert_eq!(ours(), before);
    before
}

#[traced(args(id))]
async fn inner(id: u8) -> String {
    let before = ours();
    Pending(2).await;
    assert_eq!((ours(), theirs()), (before.clone(), before.clone()));
    let _ = id;
    before
}

#[traced]
async fn spawns() {
    let task = tracer_runtime::spawn(inner(2).with_current_subscriber());
    let dispatch = dispatcher::get_default(Dispatch::clone);
    let thread = std::thread::spawn(wrap(move || with_default(&dispatch, on_a_thread)));
    task.await.unwrap();
    thread.join().unwrap();
}

#[traced]
fn on_a_thread() {}

fn subscribed() -> (Both, Dispatch) {
    let both = Both::new(Sampler::AlwaysOn);
    let dispatch = Dispatch::new(registry().with(both.layer()));
    (both, dispatch)
}

#[tokio::test]
async fn a_call_has_the_same_ids_in_every_poll() {
    let (both, dispatch) = subscribed();
    let said = outer().with_subscriber(dispatch).await;
    assert_eq!(said, named(&both.one("outer").span_context));
    assert_eq!(both.capture.tree(), "outer [ok]\n  inner [ok] {id=1}\n");
    both.assert_same();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spawned_is_in_the_trace_of_the_layer_too() {
    let (both, dispatch) = subscribed();
    both.capture.run(spawns().with_subscriber(dispatch)).await;
    let [outer, task, thread] = ["spawns", "inner", "on_a_thread"].map(|name| both.one(name));
    for below in [task, thread] {
        assert_eq!(below.parent_span_id, outer.span_context.span_id());
        assert_eq!(below.span_context.trace_id(), outer.span_context.trace_id());
    }
    both.assert_same();
}

#[test]
fn calls_that_take_turns_do_not_mix() {
    let (both, dispatch) = subscribed();
    with_default(&dispatch, || {
        let mut task = TaskContext::from_waker(Waker::noop());
        let (mut one, mut other) = (pin!(outer()), pin!(outer()));
        let mut said = Vec::new();
        for _ in 0..6 {
            for future in [one.as_mut(), other.as_mut()] {
                if said.len() < 2
                    && let Poll::Ready(ids) = future.poll(&mut task)
                {
                    said.push(ids);
                }
            }
            assert_eq!(ours(), "none");
        }
        assert_eq!(said.len(), 2);
    });
    both.assert_same();
    let traces: std::collections::HashSet<_> = both
        .exported()
        .iter()
        .map(|span| span.span_context.trace_id())
        .collect();
    assert_eq!((both.exported().len(), traces.len()), (4, 2));
}

#[test]
fn a_call_that_is_dropped_is_exported_as_cancelled() {
    let (both, dispatch) = subscribed();
    with_default(&dispatch, || {
        let mut task = TaskContext::from_waker(Waker::noop());
        let mut future = Box::pin(outer());
        assert!(future.as_mut().poll(&mut task).is_pending());
        drop(future);
        // Never polled, so never begun.
        drop(outer());
    });
    let outer = both.one("outer");
    let said = outer
        .attributes
        .iter()
        .find(|a| a.key.as_str() == "tracer.outcome");
    assert_eq!(said.unwrap().value.as_str(), "cancelled");
    assert_eq!(both.capture.tree(), "outer [cancelled]\n");
    both.assert_same();
}

#[tokio::test]
async fn functions_of_tracing_in_a_task_are_below_the_call_that_has_spawned_it() {
    #[tracing::instrument]
    async fn theirs_alone() {
        inner(3).await;
    }
    #[traced]
    async fn first() {
        theirs_alone().in_current_context().await;
    }
    let (both, dispatch) = subscribed();
    first().with_subscriber(dispatch).await;
    let [first, between, inner] = ["first", "theirs_alone", "inner"].map(|name| both.one(name));
    assert_eq!(between.parent_span_id, first.span_context.span_id());
    assert_eq!(inner.parent_span_id, between.span_context.span_id());
}

#[tokio::test]
async fn a_call_ends_where_it_ends_whatever_it_has_spawned() {
    #[tracing::instrument]
    async fn background() {
        inner(4).await;
    }
    #[traced]
    fn starts() -> tokio::task::JoinHandle<()> {
        tracer_runtime::spawn(background().with_current_subscriber())
    }
    let (both, dispatch) = subscribed();
    let task = with_default(&dispatch, starts);
    // The task has not run.
    let starts = both.one("starts");
    task.await.unwrap();
    let [background, inner] = ["background", "inner"].map(|name| both.one(name));
    assert_eq!(background.parent_span_id, starts.span_context.span_id());
    assert_eq!(inner.parent_span_id, background.span_context.span_id());
    assert_eq!(both.one("starts").end_time, starts.end_time);
    assert!(starts.end_time <= inner.start_time);
}
