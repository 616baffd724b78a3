//! Makes a number of calls of one kind, for callgrind to count: `scripts/instructions` runs it.
//!
//! Takes the name of the case and how many calls to make, in steps of [`CHILDREN`]. Only what `measured` does counts.
#![allow(missing_docs, reason = "a benchmark")]

use std::collections::BTreeMap;
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tracer_runtime::{propagation, traced};

/// Calls under one root.
const CHILDREN: u64 = 100;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(case), Some(calls)) = (arguments.next(), arguments.next()) else {
        return;
    };
    let calls = calls.parse().unwrap_or(0);
    let telemetry = init(&case);
    // Whatever happens once happens here.
    run(&case, 5 * CHILDREN);
    measured(&case, calls);
    drop(telemetry);
}

#[cfg(feature = "enable")]
fn init(case: &str) -> Option<tracer_runtime::Telemetry> {
    use tracer_runtime::{Keep, Sampler};

    if case == "uninitialised" {
        return None;
    }
    tracer_runtime::__private::trust_tsc();
    // What a sampled trace costs at its end depends on how fast the collector gives memory back.
    let sampler = match case {
        "sync" | "sampled root" => Sampler::always_on(),
        _ => Sampler::always_off(),
    };
    let builder = tracer_runtime::builder()
        .with_sampler(sampler)
        .with_keep(Keep::nothing());
    let builder = match case {
        "filtered off" => builder.with_filter("off/metrics=off"),
        "no span" => builder.with_filter("off"),
        _ => builder,
    };
    builder.with_discarding_exporter().init().ok()
}

/// Off, there is nothing to initialise.
#[cfg(not(feature = "enable"))]
fn init(_case: &str) -> Option<()> {
    None
}

/// The collection is switched on in here.
#[inline(never)]
fn measured(case: &str, calls: u64) {
    run(case, calls);
}

fn run(case: &str, calls: u64) {
    for _ in 0..calls / CHILDREN {
        match case {
            "loop" => bare_root(bare),
            "root of bare" => root(bare),
            "unsampled" => root(child),
            "sampled root" => large_root(bare),
            "sync" => large_root(child),
            "off" | "uninitialised" | "filtered off" | "no span" => bare_root(child),
            "error" => root(failing),
            "bare error" => root(bare_failing),
            "attribute" => root(with_attribute),
            "metric" => bare_root(metric),
            "own root" => bare_root(child),
            "extract" => bare_root(extract),
            "inject" => root(inject),
            "rpc metric" => bare_root(rpc_metric),
            "async 0" => block_on(async_root(0)),
            "async 1" => block_on(async_root(1)),
            "async 8" => block_on(async_root(8)),
            "bare async 0" => block_on(root_of_bare_async(0)),
            "bare async 1" => block_on(root_of_bare_async(1)),
            "bare async 8" => block_on(root_of_bare_async(8)),
            _ => panic!("no case is called {case}"),
        }
    }
}

#[traced]
#[inline(never)]
fn root(call: fn(u64)) {
    bare_root(call);
}

/// Of more records than go to the collector by value: its end is the same however many come on top.
#[traced]
#[inline(never)]
fn large_root(call: fn(u64)) {
    (0..10).for_each(child);
    bare_root(call);
}

#[inline(never)]
fn bare_root(call: fn(u64)) {
    for i in 0..CHILDREN {
        black_box(call)(i);
    }
}

#[inline(never)]
fn bare(i: u64) {
    black_box(i);
}

#[traced]
#[inline(never)]
fn child(i: u64) {
    black_box(i);
}

#[traced(args(i))]
#[inline(never)]
fn with_attribute(i: u64) {
    black_box(i);
}

#[traced(metrics_only)]
#[inline(never)]
fn metric(i: u64) {
    black_box(i);
}

fn failing(i: u64) {
    let _ = black_box(fallible(i));
}

#[traced]
#[inline(never)]
fn fallible(i: u64) -> Result<u64, std::fmt::Error> {
    black_box(i);
    Err(std::fmt::Error)
}

fn bare_failing(i: u64) {
    let _ = black_box(bare_fallible(i));
}

#[inline(never)]
fn bare_fallible(i: u64) -> Result<u64, std::fmt::Error> {
    black_box(i);
    Err(std::fmt::Error)
}

thread_local! {
    static INCOMING: BTreeMap<String, String> = BTreeMap::from([(
        "traceparent".to_owned(),
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
    )]);
}

fn extract(_: u64) {
    INCOMING.with(|headers| black_box(propagation::extract(headers)));
}

fn inject(_: u64) {
    let mut headers = BTreeMap::new();
    propagation::inject(&mut headers);
    black_box(headers);
}

/// Counts a call that was counted before.
#[cfg(feature = "enable")]
fn rpc_metric(_: u64) {
    use tracer_runtime::RpcInfo;
    use tracer_runtime::rpc::{RpcCall, RpcPlan, RpcStatus};

    thread_local! {
        static COUNTED: Option<RpcInfo> = {
            let plan = RpcPlan::server("grpc").with_service("shop", "Stock").with_method("reserve");
            let call = RpcCall::start(plan);
            call.set_status(RpcStatus::Grpc(0));
            call.add_received(1, 100);
            call.add_sent(1, 100);
            let info = call.info().cloned();
            call.finish();
            info
        };
    }
    COUNTED.with(|info| {
        if let Some(info) = info {
            tracer_runtime::__private::count_again(info);
        }
    });
}

#[cfg(not(feature = "enable"))]
fn rpc_metric(_: u64) {}

/// Is pending this many times.
struct Pending(u32);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

/// Has a record before its first poll ends, as roots have: its future owns a fragment, here and in the one below.
#[traced]
async fn async_root(pending: u32) {
    child(0);
    for _ in 0..CHILDREN {
        async_child(black_box(pending)).await;
    }
}

#[traced]
async fn async_child(pending: u32) {
    Pending(pending).await;
}

#[traced]
async fn root_of_bare_async(pending: u32) {
    child(0);
    for _ in 0..CHILDREN {
        bare_async_child(black_box(pending)).await;
    }
}

async fn bare_async_child(pending: u32) {
    Pending(pending).await;
}

/// Polls until it is ready. Nothing wakes it.
fn block_on(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut task = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut task).is_pending() {}
}
