//! Warm calls allocate nothing, whatever they are: roots, children, sync, async.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test, and a global allocator cannot be written without"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use tracer_runtime::__private::{self as p, Callsite};
use tracer_runtime::{Keep, Sampler, builder};

macro_rules! site {
    ($name:literal) => {{
        static SITE: Callsite = Callsite::new($name, $name, "allocations");
        &SITE
    }};
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

const ROUNDS: usize = 1000;

/// Allocations of the thread in many rounds, after some to warm up.
fn allocations(mut round: impl FnMut()) -> u64 {
    for _ in 0..10 {
        round();
    }
    let before = ALLOCATIONS.get();
    for _ in 0..ROUNDS {
        round();
    }
    ALLOCATIONS.get() - before
}

fn call(site: &'static Callsite) {
    let mut guard = p::enter(site);
    guard.finish();
}

/// Pending once.
async fn pause() {
    let mut polled = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut polled, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

fn finish(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut task = TaskContext::from_waker(Waker::noop());
    while future.as_mut().poll(&mut task) == Poll::Pending {}
}

#[test]
fn warm_calls_allocate_nothing() {
    let telemetry = builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_discarding_exporter()
        .init()
        .unwrap();
    assert_eq!(allocations(|| call(site!("root"))), 0);
    assert_eq!(
        allocations(|| {
            let mut root = p::enter(site!("parent"));
            call(site!("child"));
            call(site!("child"));
            root.finish();
        }),
        0
    );
    assert_eq!(
        allocations(|| {
            let mut root = p::enter(site!("long"));
            for _ in 0..150 {
                call(site!("child"));
            }
            root.finish();
        }),
        0
    );
    assert_eq!(
        allocations(|| finish(p::traced(site!("async root"), pause()))),
        0
    );
    assert_eq!(
        allocations(|| {
            finish(p::traced(site!("async parent"), async {
                p::traced(site!("async child"), pause()).await;
                call(site!("sync child"));
            }))
        }),
        0
    );
    assert_eq!(
        allocations(|| {
            let mut outer = p::enter(site!("outer"));
            let mut inner = p::enter_at(site!("root inside"), p::Start::root());
            inner.finish();
            drop(inner);
            outer.finish();
        }),
        0
    );
    assert_eq!(
        allocations(|| {
            let mut root = p::enter(site!("shares"));
            let context = tracer_runtime::Context::current();
            drop(context.attach());
            root.finish();
        }),
        0
    );
    drop(telemetry);
    assert_eq!(allocations(|| call(site!("off"))), 0);
}
