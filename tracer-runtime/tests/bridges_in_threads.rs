//! Spans of `tracing` and of the API of `opentelemetry` in the hands of several threads at once: every one is recorded once.
//!
//! The thread sanitizer runs these too (see `.ci/run`): it tells of every access that nothing orders.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use opentelemetry::trace::{
    Link, Span as _, SpanContext, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use support::{dropped, metric, run_child, settled, stderr_of};
use tracer_runtime::integrations::opentelemetry::{Tracer, TracerProvider};
use tracer_runtime::{Keep, Sampler, Telemetry, builder, traced, tracing_layer};
use tracing::{Dispatch, Span, debug_span, dispatcher, info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry, filter::LevelFilter, reload};

const ROUNDS: usize = 60;
const THREADS: usize = 3;

const CASES: [(&str, fn()); 6] = [
    ("shared spans of the layer", shared_layer_spans),
    ("shared spans of the API", shared_api_spans),
    ("subscribers that come and go", subscribers_come_and_go),
    ("a filter that is reloaded", a_filter_is_reloaded),
    ("a layer that is reloaded", a_layer_is_reloaded),
    ("the shutdown meanwhile", shutdown_meanwhile),
];

#[test]
fn every_case_holds_in_a_process_of_its_own() {
    for (name, _) in CASES {
        stderr_of(&run_child(name).output().unwrap());
    }
}

#[test]
fn child() {
    let Ok(which) = std::env::var(support::CHILD) else {
        return;
    };
    let (_, case) = CASES.iter().find(|(name, _)| *name == which).unwrap();
    case();
}

/// Spans that were made, as the makers count.
static MADE: AtomicU64 = AtomicU64::new(0);

fn made<T>(span: T) -> T {
    MADE.fetch_add(1, Relaxed);
    span
}

/// A span that `tracing` has made, whatever it has been told meanwhile.
fn made_if_enabled(span: Span) -> Span {
    match span.is_disabled() {
        true => span,
        false => made(span),
    }
}

#[traced]
fn call() {
    made(());
}

fn start() -> Telemetry {
    // Every second trace is kept.
    builder()
        .with_sampler(Sampler::ratio(0.5))
        .with_keep(Keep::errors())
        .with_discarding_exporter()
        .init()
        .unwrap()
}

fn subscriber() -> Dispatch {
    Dispatch::new(tracing_subscriber::registry().with(tracing_layer()))
}

fn api() -> Tracer {
    TracerProvider::new().tracer("threads")
}

/// On all threads at once, round after round.
fn at_once(run: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (run, barrier) = (&run, &barrier);
            scope.spawn(move || {
                barrier.wait();
                run(number);
            });
        }
    });
}

fn every_record_has_a_fate(telemetry: &Telemetry) {
    telemetry.flush(Duration::from_secs(60)).unwrap();
    assert_eq!(settled(), MADE.load(Relaxed));
    assert_eq!(metric("tracer_records_total{fate=\"dropped\"}"), 0);
}

/// What several do with one span of `tracing`.
fn work_in(span: &Span, number: usize) {
    span.record("late", number as u64);
    span.in_scope(|| {
        info!(number, "from a thread");
        made_if_enabled(info_span!("child", number)).in_scope(call);
        span.in_scope(call);
    });
    span.follows_from(Span::current());
    let current = made_if_enabled(info_span!(parent: span, "explicit")).entered();
    current.follows_from(span);
}

fn shared_layer_spans() {
    let telemetry = start();
    let dispatch = subscriber();
    dispatcher::with_default(&dispatch, || {
        for _ in 0..ROUNDS {
            let span = made(info_span!("shared", late = tracing::field::Empty));
            let entered = span.clone().entered();
            let handles: [_; THREADS] = std::array::from_fn(|_| Some(span.clone()).into());
            drop(span);
            let handles: [std::sync::Mutex<Option<Span>>; THREADS] = handles;
            thread::scope(|scope| {
                scope.spawn(|| {
                    at_once(|number| {
                        dispatcher::with_default(&dispatch, || {
                            let span = handles[number].lock().unwrap().take().unwrap();
                            work_in(&span, number);
                            // Whoever is last closes it.
                        });
                    });
                });
                call();
                drop(entered);
            });
        }
    });
    every_record_has_a_fate(&telemetry);
}

fn shared_api_spans() {
    let telemetry = start();
    for round in 0..ROUNDS {
        let context = Context::new().with_span(made(api().start("shared")));
        let linked = context.span().span_context().clone();
        at_once(|number| {
            let span = context.span();
            span.set_attribute(KeyValue::new("number", number as i64));
            span.add_event("told", vec![KeyValue::new("round", round as i64)]);
            span.add_link(linked.clone(), Vec::new());
            {
                let _attached = context.clone().attach();
                call();
                tracer_runtime::record("beside", number as u64);
                drop(made(api().start("child")));
            }
            span.set_status(Status::error("of one of them"));
            span.update_name("renamed");
            // All of them end it, once.
            span.end();
            drop(made(api().start_with_context("late", &context)));
        });
    }
    moved_api_spans();
    every_record_has_a_fate(&telemetry);
}

/// Spans that end on another thread than that of their trace.
fn moved_api_spans() {
    for _ in 0..ROUNDS {
        let (send, receive) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                for mut span in receive {
                    let span: &mut tracer_runtime::integrations::opentelemetry::Span = &mut span;
                    span.set_attribute(KeyValue::new("moved", true));
                    span.end();
                }
            });
            api().in_span("root", |_| {
                made(());
                for _ in 0..3 {
                    send.send(made(api().start("moved"))).unwrap();
                    call();
                }
            });
            let link = Link::with_context(SpanContext::empty_context());
            let root = api().span_builder("apart").with_links(vec![link]);
            send.send(made(root.start(&api()))).unwrap();
            drop(send);
        });
    }
}

fn subscribers_come_and_go() {
    let telemetry = start();
    let carried = std::sync::Mutex::new(None::<Span>);
    for _ in 0..ROUNDS {
        at_once(|number| {
            let dispatch = subscriber();
            let open = dispatcher::with_default(&dispatch, || {
                let outer = made(info_span!("outer", late = tracing::field::Empty)).entered();
                // A span of another thread's subscriber, which may be gone but for it.
                let foreign = carried.lock().unwrap().clone();
                if let Some(foreign) = foreign {
                    foreign.with_subscriber(|(_, of)| {
                        dispatcher::with_default(of, || work_in(&foreign, number));
                    });
                }
                let other = subscriber();
                dispatcher::with_default(&other, || made(info_span!("inner")).in_scope(call));
                outer.exit()
            });
            drop(dispatch);
            *carried.lock().unwrap() = Some(open);
        });
    }
    drop(carried);
    every_record_has_a_fate(&telemetry);
}

fn a_filter_is_reloaded() {
    let telemetry = start();
    let (filter, handle) = reload::Layer::new(LevelFilter::DEBUG);
    let dispatch = Dispatch::new(
        tracing_subscriber::registry()
            .with(tracing_layer())
            .with(filter),
    );
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                handle.reload(LevelFilter::OFF).unwrap();
                handle.reload(LevelFilter::DEBUG).unwrap();
            }
        });
        at_once(|_| {
            dispatcher::with_default(&dispatch, || {
                for _ in 0..ROUNDS {
                    let _entered = made_if_enabled(debug_span!("now and then")).entered();
                    call();
                }
            });
        });
        over.store(true, Relaxed);
    });
    every_record_has_a_fate(&telemetry);
}

fn a_layer_is_reloaded() {
    let telemetry = start();
    let (layer, handle) = reload::Layer::<_, Registry>::new(tracing_layer().boxed());
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Relaxed) {
                handle.reload(tracing_layer().boxed()).unwrap();
            }
        });
        at_once(|number| {
            dispatcher::with_default(&dispatch, || {
                for _ in 0..ROUNDS {
                    let outer = made_if_enabled(info_span!("outer", late = tracing::field::Empty));
                    work_in(&outer, number);
                }
            });
        });
        over.store(true, Relaxed);
    });
    drop(dispatch);
    drop(handle);
    every_record_has_a_fate(&telemetry);
}

fn shutdown_meanwhile() {
    let telemetry = start();
    let dispatch = subscriber();
    let started = Barrier::new(THREADS + 1);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (dispatch, started, over) = (&dispatch, &started, &over);
            scope.spawn(move || {
                dispatcher::with_default(dispatch, || {
                    let mut open = Vec::new();
                    started.wait();
                    while !over.load(Relaxed) {
                        let span = info_span!("shared", late = tracing::field::Empty);
                        work_in(&span, number);
                        let attached = Context::current_with_span(api().start("open")).attach();
                        open.push(api().start("later"));
                        open.truncate(20);
                        drop(attached);
                    }
                });
            });
        }
        started.wait();
        while MADE.load(Relaxed) < 200 {
            thread::yield_now();
        }
        telemetry.shutdown(Duration::from_secs(60)).unwrap();
        over.store(true, Relaxed);
    });
    drop(dispatch);
    let known = settled();
    assert!(known > 0);
    call();
    drop(api().start("after"));
    assert_eq!((settled(), dropped("misnested")), (known, 0));
}
