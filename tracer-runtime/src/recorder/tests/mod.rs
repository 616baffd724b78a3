//! Misuse: whatever is done with guards, futures and contexts, records stay in their traces and every one is accounted
//! for.

mod accounting;
mod contexts;
#[cfg(any(feature = "opentelemetry", feature = "tracing"))]
mod detached;
mod details;
mod futures;
mod limits;
#[cfg(feature = "metrics")]
mod metered;
mod order;
mod panics;
mod polls;
mod threads;

use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::thread::{self, JoinHandle};

use super::account::Totals;
use super::captures;
use super::fragment::Fragment;
use super::pipeline::Pipeline;
use crate::callsite::{Callsite, SpanKind};
use crate::clock;
use crate::metrics;
use crate::record::Failure;
use crate::sampling::{Keep, Sampler};
use crate::span::describe::Describe;
use crate::span::future::{Traced, traced, traced_with};
use crate::span::guard::{Guard, enter, enter_at};
use crate::span::start::Start;

/// A callsite of its own.
macro_rules! site {
    ($name:literal) => {{
        static SITE: crate::callsite::Callsite =
            crate::callsite::Callsite::new($name, $name, "misuse");
        &SITE
    }};
}
use site;

/// Work that a test repeats: enough to fill fragments, little under Miri.
const MANY: usize = if cfg!(miri) { 10 } else { 5000 };

/// A recorder for one test: what begins on its threads goes to a queue of its own.
struct Recorder {
    pipeline: Arc<Pipeline>,
    _seat: Seat,
}

/// A recorder's presence on a thread.
struct Seat {
    pipeline: Arc<Pipeline>,
    not_send: PhantomData<*const ()>,
}

impl Recorder {
    /// Keeps what failed, and nothing else.
    fn new() -> Self {
        Self::with(Sampler::always_off(), Keep::errors())
    }

    fn with(sampler: Sampler, keep: Keep) -> Self {
        clock::scale();
        metrics::prepare();
        let pipeline = Arc::new(Pipeline::private(None));
        pipeline.policy.set(sampler, keep);
        captures::register(&pipeline);
        Self {
            _seat: Seat::take(&pipeline),
            pipeline,
        }
    }

    /// A thread whose traces belong here.
    fn spawn<R: Send + 'static>(&self, f: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
        let pipeline = self.pipeline.clone();
        thread::spawn(move || {
            let _seat = Seat::take(&pipeline);
            f()
        })
    }

    /// Such a thread, and its end.
    fn elsewhere<R: Send + 'static>(&self, f: impl FnOnce() -> R + Send + 'static) -> R {
        self.spawn(f).join().unwrap()
    }

    /// What was kept since the last time, as an exporter takes it.
    fn fragments(&self) -> VecDeque<Box<Fragment>> {
        let kept = self.pipeline.queue.take();
        for fragment in &kept {
            self.pipeline.account.exported(fragment.len() as u64);
        }
        kept
    }

    /// The names of the spans of each.
    fn kept(&self) -> Vec<Vec<&'static str>> {
        self.fragments().iter().map(|f| names(f)).collect()
    }

    fn totals(&self) -> Totals {
        self.pipeline.account.totals()
    }

    /// The accounting equation: every call has made one record, and its fate is known.
    fn accounts_for(&self, calls: u64) {
        self.fragments();
        let totals = self.totals();
        assert_eq!(totals.settled(), calls, "{totals:?}");
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        captures::unregister(&self.pipeline);
    }
}

impl Seat {
    fn take(pipeline: &Arc<Pipeline>) -> Self {
        captures::enter(pipeline.clone());
        Self {
            pipeline: pipeline.clone(),
            not_send: PhantomData,
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        captures::leave(&self.pipeline);
    }
}

fn names(fragment: &Fragment) -> Vec<&'static str> {
    fragment.spans().map(|s| s.record.callsite.name).collect()
}

/// A call that succeeds.
fn call(site: &'static Callsite) {
    ok(enter(site));
}

/// A call that fails.
fn fail(site: &'static Callsite) {
    failed(enter(site));
}

fn ok(mut guard: Guard) {
    guard.finish();
}

fn failed(mut guard: Guard) {
    guard.finish_with(Some(Box::default()));
}

/// A call in a trace of its own.
fn enter_root(site: &'static Callsite) -> Guard {
    enter_at(site, Start::root())
}

/// Whatever is returned, it is an error.
#[derive(Debug, Clone, Copy)]
struct Fails;

impl<T> Describe<T> for Fails {
    fn describe(self, _value: &T, _kind: SpanKind) -> Option<Box<Failure>> {
        Some(Box::default())
    }
}

/// An asynchronous call that fails.
fn failing<F: Future>(site: &'static Callsite, future: F) -> Traced<F, Fails> {
    traced_with(site, future, Fails)
}

type Task<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;
type LocalTask = Pin<Box<dyn Future<Output = ()>>>;

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut TaskContext::from_waker(Waker::noop()))
}

/// Polls until it is ready.
fn finish<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> F::Output {
    loop {
        if let Poll::Ready(value) = poll(future) {
            return value;
        }
    }
}

/// Pending once.
fn pause() -> impl Future<Output = ()> + Send + Unpin {
    let mut polled = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

/// Nothing is current any more on this thread.
fn assert_idle() {
    assert!(crate::span::context::current_ids().is_none());
    let current = super::local::with(|local| (local.span.get(), local.depth()));
    assert_eq!(current, Some((crate::SpanId::INVALID, 0)));
}
