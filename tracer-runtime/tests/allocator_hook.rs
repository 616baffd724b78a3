//! A global allocator that calls a traced function on every allocation, also on those of the recorder itself.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use support::allocator::Observed;
use support::polling::finish;
use tracer_runtime::__private::{self as p, Callsite};
use tracer_runtime::{Context, FutureExt, Keep, Sampler, builder};

macro_rules! site {
    ($name:literal) => {{
        static SITE: Callsite = Callsite::new($name, $name, "allocator_hook");
        &SITE
    }};
}

#[global_allocator]
static ALLOCATOR: Observed = Observed::by(|_| hook(), |_| hook());

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

fn call(site: &'static Callsite) {
    MADE.fetch_add(1, Relaxed);
    let mut guard = p::enter(site);
    guard.finish();
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
