//! Warm calls allocate nothing, whatever they are: roots, children, sync, async.
#![allow(dropping_copy_types, reason = "what is returned does not matter")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Once;
use std::task::{Context as TaskContext, Waker};
use std::time::{Duration, Instant};

use support::allocator::Observed;
use support::polling::{finish, pause};
use tracer_runtime::__private::{self as p, Callsite};
use tracer_runtime::{Keep, Sampler, Telemetry, builder, propagation, traced};

macro_rules! site {
    ($name:literal) => {{
        static SITE: Callsite = Callsite::new($name, $name, "allocations");
        &SITE
    }};
}

/// Makes the first call of each function long, as a busy machine may make any: its metric cell grows then, once, and is
/// no allocation of a warm call.
macro_rules! first_call_is_long {
    () => {{
        static FIRST: Once = Once::new();
        FIRST.call_once(spin);
    }};
}

macro_rules! call {
    ($name:literal) => {{
        let mut guard = p::enter(site!($name));
        first_call_is_long!();
        guard.finish();
    }};
}

#[global_allocator]
static ALLOCATOR: Observed = Observed::by(|_| ALLOCATIONS.set(ALLOCATIONS.get() + 1), |_| ());

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

const ROUNDS: usize = 1000;

/// Longer than a cell counts before it grows, which is 61 µs.
fn spin() {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1) {
        std::hint::spin_loop();
    }
}

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

#[traced]
fn parent(n: u64) -> Result<u64, std::fmt::Error> {
    first_call_is_long!();
    (0..n).try_fold(0, |sum, i| Ok(sum + child(i)))
}

#[traced]
fn child(n: u64) -> u64 {
    first_call_is_long!();
    n
}

#[traced]
async fn async_parent() -> u64 {
    first_call_is_long!();
    async_child(1).await + child(2)
}

#[traced]
async fn async_child(n: u64) -> u64 {
    first_call_is_long!();
    pause().await;
    n
}

#[traced(root)]
fn always_a_root() -> u64 {
    first_call_is_long!();
    child(1)
}

struct Service;

#[traced]
impl Service {
    fn method(&self) -> u64 {
        first_call_is_long!();
        child(1)
    }

    async fn async_method(&mut self) {
        first_call_is_long!();
        let _ = async_parent().await;
        self.method();
    }
}

fn taken<T>(_value: T) {}

/// By the attribute, as users write it.
fn annotated_calls_allocate_nothing() {
    assert_eq!(allocations(|| taken(child(1))), 0);
    assert_eq!(allocations(|| taken(parent(3))), 0);
    assert_eq!(allocations(|| taken(parent(300))), 0);
    assert_eq!(
        allocations(|| finish(async { taken(async_child(1).await) })),
        0
    );
    assert_eq!(
        allocations(|| finish(async { taken(async_parent().await) })),
        0
    );
    assert_eq!(allocations(|| taken(always_a_root())), 0);
    assert_eq!(allocations(|| taken(Service.method())), 0);
    assert_eq!(
        allocations(|| finish(async { Service.async_method().await })),
        0
    );
    // Roots inside each other, and more pending ones than any loop would hold.
    assert_eq!(
        allocations(|| finish(async { taken((async_parent().await, always_a_root())) })),
        0
    );
    assert_eq!(
        allocations(|| {
            let (one, two, three) = (async_parent(), async_parent(), async_parent());
            let (mut one, mut two, mut three) = (pin!(one), pin!(two), pin!(three));
            let mut task = TaskContext::from_waker(Waker::noop());
            for _ in 0..2 {
                let _ = one.as_mut().poll(&mut task);
                let _ = two.as_mut().poll(&mut task);
                let _ = three.as_mut().poll(&mut task);
            }
        }),
        0
    );
}

/// More than a thread keeps room for; the last ones are cancelled.
fn roots_that_wait_together_allocate_nothing() {
    let mut roots = Vec::with_capacity(100);
    let together = allocations(|| {
        roots.extend((0..100).map(|_| p::traced(site!("waits"), pause())));
        let mut task = TaskContext::from_waker(Waker::noop());
        for polled in [100, 70] {
            for root in &mut roots[..polled] {
                let _ = pin!(root).poll(&mut task);
            }
            first_call_is_long!();
        }
        roots.clear();
    });
    assert_eq!(together, 0);
}

/// Read from the headers of one request, written to those of another.
fn context_between_services_allocates_nothing() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    let from = http::HeaderMap::from_iter([(
        http::HeaderName::from_static("traceparent"),
        http::HeaderValue::from_static(parent),
    )]);
    let mut to = from.clone();
    let site = site!("passes on");
    // The thread has a few buffers for header values, and fills one after the other.
    (0..200).for_each(|_| pass_on(site, &from, &mut to));
    assert_eq!(allocations(|| pass_on(site, &from, &mut to)), 0);
    assert_ne!(to["traceparent"], parent);
}

fn pass_on(site: &'static Callsite, from: &http::HeaderMap, to: &mut http::HeaderMap) {
    let mut root = p::enter_at(site, p::Start::remote(propagation::extract(from)));
    first_call_is_long!();
    propagation::inject(to);
    root.finish();
}

/// Its room comes back from the collector. Where the machine stops for a while it may have been freed meanwhile.
fn kept_roots_hardly_ever_allocate(telemetry: &Telemetry) {
    const KEPT: usize = 10;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = BTreeMap::from([("traceparent".to_owned(), parent.to_owned())]);
    let (site, mut allocated) = (site!("kept"), 0);
    for round in 0..100 {
        let before = ALLOCATIONS.get();
        (0..KEPT).for_each(|_| taken(propagation::extract(&headers)));
        let of_the_carrier = ALLOCATIONS.get() - before;
        let before = ALLOCATIONS.get() + of_the_carrier;
        for _ in 0..KEPT {
            let mut root = p::enter_at(site, p::Start::remote(propagation::extract(&headers)));
            (0..100).for_each(|_| taken(child(1)));
            root.finish();
        }
        if round >= 10 {
            allocated += ALLOCATIONS.get() - before;
        }
        telemetry.flush(Duration::from_secs(60)).unwrap();
    }
    assert!(allocated < 90, "{allocated} for {} traces", 90 * KEPT);
}

#[test]
fn warm_calls_allocate_nothing() {
    let builder = builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_discarding_exporter();
    // Each context of its API is allocated by OpenTelemetry.
    #[cfg(feature = "opentelemetry")]
    let builder = builder.with_otel_context(tracer_runtime::OtelContext::Off);
    let telemetry = builder.init().unwrap();
    assert_eq!(allocations(|| call!("root")), 0);
    context_between_services_allocates_nothing();
    assert_eq!(
        allocations(|| {
            let mut root = p::enter(site!("parent"));
            first_call_is_long!();
            call!("child");
            call!("child");
            root.finish();
        }),
        0
    );
    assert_eq!(
        allocations(|| {
            let mut root = p::enter(site!("long"));
            first_call_is_long!();
            for _ in 0..150 {
                call!("child");
            }
            root.finish();
        }),
        0
    );
    assert_eq!(
        allocations(|| finish(p::traced(site!("async root"), async {
            first_call_is_long!();
            pause().await;
        }))),
        0
    );
    assert_eq!(
        allocations(|| {
            finish(p::traced(site!("async parent"), async {
                first_call_is_long!();
                p::traced(site!("async child"), async {
                    first_call_is_long!();
                    pause().await;
                })
                .await;
                call!("sync child");
            }))
        }),
        0
    );
    assert_eq!(
        allocations(|| {
            let mut outer = p::enter(site!("outer"));
            first_call_is_long!();
            let mut inner = p::enter_at(site!("root inside"), p::Start::root());
            first_call_is_long!();
            inner.finish();
            drop(inner);
            outer.finish();
        }),
        0
    );
    assert_eq!(
        allocations(|| {
            let mut root = p::enter(site!("shares"));
            first_call_is_long!();
            let context = tracer_runtime::Context::current();
            drop(context.attach());
            root.finish();
        }),
        0
    );
    annotated_calls_allocate_nothing();
    roots_that_wait_together_allocate_nothing();
    kept_roots_hardly_ever_allocate(&telemetry);
    drop(telemetry);
    assert_eq!(allocations(|| call!("off")), 0);
    assert_eq!(
        allocations(|| finish(async { taken(async_parent().await) })),
        0
    );
}
