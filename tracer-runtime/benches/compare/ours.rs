//! Annotated functions, as their expansion would be: `annotated!` stands for the attribute.

use std::hint::black_box;
use tracer_runtime::__private::{Callsite, Start, enter, enter_at, traced};
use tracer_runtime::{FutureExt, Remote, SpanId, TraceId};

/// The static of an annotated function.
macro_rules! callsite {
    ($name:literal) => {
        callsite!($name,)
    };
    ($name:literal, $($with:tt)*) => {{
        static CALLSITE: Callsite = Callsite::new($name, $name, module_path!())$($with)*;
        &CALLSITE
    }};
}

#[inline(never)]
pub(crate) fn bare(i: u64) -> u64 {
    black_box(i) + 1
}

// #[traced]
#[inline(never)]
fn child(i: u64) -> u64 {
    let mut guard = enter(callsite!("child"));
    let output = black_box(i) + 1;
    guard.finish();
    output
}

// #[traced(metrics = false)]
#[inline(never)]
fn child_without_metrics(i: u64) -> u64 {
    let mut guard = enter(callsite!("child_without_metrics", .without_metrics()));
    let output = black_box(i) + 1;
    guard.finish();
    output
}

// #[traced]
#[inline(never)]
pub(crate) fn root(calls: u64) -> u64 {
    let mut guard = enter(callsite!("root"));
    let output = (0..calls).map(child).sum();
    guard.finish();
    output
}

// #[traced]
#[inline(never)]
pub(crate) fn root_without_metrics(calls: u64) -> u64 {
    let mut guard = enter(callsite!("root_without_metrics"));
    let output = (0..calls).map(child_without_metrics).sum();
    guard.finish();
    output
}

/// Continues a trace that its caller has sampled, so it is kept.
// #[traced(server)]
#[inline(never)]
pub(crate) fn kept_root(calls: u64) -> u64 {
    let remote = Remote {
        trace_id: TraceId::from_bytes([1; 16]),
        span_id: SpanId::from_bytes([1; 8]),
        flags: 1,
        tracestate: None,
    };
    let mut guard = enter_at(callsite!("kept_root"), Start::remote(Some(remote)));
    let output = (0..calls).map(child).sum();
    guard.finish();
    output
}

pub(crate) fn bare_calls(calls: u64) -> u64 {
    (0..calls).map(bare).sum()
}

/// Each its own root, after `init`.
pub(crate) fn calls(calls: u64) -> u64 {
    (0..calls).map(child).sum()
}

async fn bare_async(i: u64) -> u64 {
    black_box(i) + 1
}

// #[traced]
async fn async_child(i: u64) -> u64 {
    traced(callsite!("async_child"), async move { black_box(i) + 1 }).await
}

// #[traced]
pub(crate) async fn async_root(calls: u64) -> u64 {
    traced(callsite!("async_root"), async_calls(calls)).await
}

pub(crate) async fn bare_async_calls(calls: u64) -> u64 {
    let mut sum = 0;
    for i in 0..calls {
        sum += bare_async(i).await;
    }
    sum
}

/// Each its own root, unless polled inside one.
pub(crate) async fn async_calls(calls: u64) -> u64 {
    let mut sum = 0;
    for i in 0..calls {
        sum += async_child(i).await;
    }
    sum
}

// #[traced]
pub(crate) async fn spawn_bare(tasks: u64) -> u64 {
    traced(callsite!("spawn_bare"), async move {
        let mut sum = 0;
        for i in 0..tasks {
            sum += tokio::spawn(async move { bare(i) }).await.unwrap();
        }
        sum
    })
    .await
}

/// Each task does what [`spawn_bare`]'s does, in one more call that is recorded.
// #[traced]
pub(crate) async fn spawn_in_context(tasks: u64) -> u64 {
    traced(callsite!("spawn_in_context"), async move {
        let mut sum = 0;
        for i in 0..tasks {
            let task = async move { child(i) }.in_current_context();
            sum += tokio::spawn(task).await.unwrap();
        }
        sum
    })
    .await
}
