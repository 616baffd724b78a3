//! Functions annotated with `#[traced]`, and the same ones bare.

use std::collections::BTreeMap;
use std::hint::black_box;
use tracer_runtime::{Context, FutureExt, traced};

#[inline(never)]
pub(crate) fn bare(i: u64) -> u64 {
    black_box(i) + 1
}

#[traced]
#[inline(never)]
fn child(i: u64) -> u64 {
    black_box(i) + 1
}

#[traced(metrics = off)]
#[inline(never)]
fn child_without_metrics(i: u64) -> u64 {
    black_box(i) + 1
}

#[traced]
#[inline(never)]
pub(crate) fn root(calls: u64) -> u64 {
    (0..calls).map(child).sum()
}

#[traced]
#[inline(never)]
pub(crate) fn root_without_metrics(calls: u64) -> u64 {
    (0..calls).map(child_without_metrics).sum()
}

/// What a caller sends along.
pub(crate) type Headers = BTreeMap<String, String>;

/// Those of a caller that has sampled its trace, so it is kept.
pub(crate) fn sampled_headers() -> Headers {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Headers::from([("traceparent".to_owned(), parent.to_owned())])
}

#[traced(server, carrier = headers)]
#[inline(never)]
pub(crate) fn kept_root(headers: &Headers, calls: u64) -> u64 {
    (0..calls).map(child).sum()
}

/// Spans of another crate in a trace that is kept.
#[traced(server, carrier = headers)]
#[inline(never)]
pub(crate) fn kept_spans(headers: &Headers, calls: u64) -> u64 {
    super::others::span_root(calls)
}

/// Looks for the context as often.
#[traced]
#[inline(never)]
pub(crate) fn contexts(calls: u64) -> u64 {
    (0..calls)
        .map(|i| bare(i) + u64::from(black_box(Context::current()).is_sampled()))
        .sum()
}

pub(crate) fn bare_calls(calls: u64) -> u64 {
    (0..calls).map(bare).sum()
}

/// Each its own root, after `init`.
pub(crate) fn calls(calls: u64) -> u64 {
    (0..calls).map(child).sum()
}

#[traced(kind = server)]
#[inline(never)]
fn entry(i: u64) -> u64 {
    black_box(i) + 1
}

/// Each serves somebody elsewhere.
pub(crate) fn entries(calls: u64) -> u64 {
    (0..calls).map(entry).sum()
}

async fn bare_async(i: u64) -> u64 {
    black_box(i) + 1
}

#[traced]
async fn async_child(i: u64) -> u64 {
    black_box(i) + 1
}

#[traced]
pub(crate) async fn async_root(calls: u64) -> u64 {
    let mut sum = 0;
    for i in 0..calls {
        sum += async_child(i).await;
    }
    sum
}

pub(crate) async fn bare_async_calls(calls: u64) -> u64 {
    let mut sum = 0;
    for i in 0..calls {
        sum += bare_async(i).await;
    }
    sum
}

/// Each its own root.
pub(crate) async fn async_calls(calls: u64) -> u64 {
    let mut sum = 0;
    for i in 0..calls {
        sum += async_child(i).await;
    }
    sum
}

#[traced]
pub(crate) async fn spawn_bare(tasks: u64) -> u64 {
    let mut sum = 0;
    for i in 0..tasks {
        sum += tokio::spawn(async move { bare(i) }).await.unwrap();
    }
    sum
}

/// Each task does what [`spawn_bare`]'s does, in one more call that is recorded.
#[traced]
pub(crate) async fn spawn_in_context(tasks: u64) -> u64 {
    let mut sum = 0;
    for i in 0..tasks {
        let task = async move { child(i) }.in_current_context();
        sum += tokio::spawn(task).await.unwrap();
    }
    sum
}
