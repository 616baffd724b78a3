//! A global allocator that calls a traced function on every allocation, also on those of the recorder itself.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    unsafe_code,
    reason = "a test, and a global allocator cannot be written without"
)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context as TaskContext, Poll, Waker};

use tracer_runtime::__private::{self as p, Callsite};
use tracer_runtime::{Context, FutureExt, Keep, Sampler, builder};

macro_rules! site {
    ($name:literal) => {{
        static SITE: Callsite = Callsite::new($name, $name, "allocator_hook");
        &SITE
    }};
}

struct Hooked;

#[global_allocator]
static ALLOCATOR: Hooked = Hooked;

thread_local! {
    /// The thread's calls of the hook are traced: not while the standard library sets the thread up, when an allocator
    /// may not use a thread-local with a destructor.
    static TRACING: Cell<bool> = const { Cell::new(false) };
}

/// Calls of any traced function.
static MADE: AtomicU64 = AtomicU64::new(0);
static HOOKS: AtomicU64 = AtomicU64::new(0);

fn hook() {
    if TRACING.get() {
        HOOKS.fetch_add(1, Relaxed);
        call(site!("hook"));
    }
}

// SAFETY: hands everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Hooked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hook();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        hook();
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

fn call(site: &'static Callsite) {
    MADE.fetch_add(1, Relaxed);
    let mut guard = p::enter(site);
    guard.finish();
}

fn finish(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut task = TaskContext::from_waker(Waker::noop());
    while future.as_mut().poll(&mut task) == Poll::Pending {}
}

#[test]
fn an_allocator_that_is_traced_does_not_stop_the_recorder() {
    let telemetry = builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_discarding_exporter()
        .init()
        .unwrap();
    for _ in 0..3 {
        let work = || {
            call(site!("first"));
            TRACING.set(true);
            for _ in 0..5 {
                MADE.fetch_add(2, Relaxed);
                let mut root = p::enter(site!("root"));
                for _ in 0..150 {
                    call(site!("work"));
                }
                tracer_runtime::record("key", String::from("value"));
                let context = Context::current();
                finish(
                    p::traced(site!("task"), async { drop(vec![1_u8; 10]) }).in_context(context),
                );
                root.finish_with(Some(Box::default()));
            }
            // Roots inside each other. The hook stays on while the thread ends.
            for _ in 0..20 {
                MADE.fetch_add(2, Relaxed);
                let _outer = p::enter_at(site!("outer"), p::Start::root());
                let mut inner = p::enter_at(site!("inner"), p::Start::root());
                inner.finish();
            }
        };
        std::thread::spawn(work).join().unwrap();
    }
    assert!(HOOKS.load(Relaxed) > 0);
    telemetry
        .shutdown(std::time::Duration::from_secs(60))
        .unwrap();
    // Every call, those of the hook within the recorder too, is exported, discarded or counted as lost.
    assert!(support::dropped("reentrant") > 0);
    assert_eq!(support::settled(), MADE.load(Relaxed));
}
