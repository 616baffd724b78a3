//! Captures while the recorder is built in.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use super::{CapturedEvent, CapturedSpan};
use crate::calltree;
use crate::clock;
use crate::metrics;
use crate::record::Event;
use crate::recorder::captures;
use crate::recorder::live::{Live, LiveSpan};
use crate::recorder::pipeline::Pipeline;
use crate::value::KeyValue;

/// How long [`Capture::tree`] waits for spans that still run.
const PATIENCE: Duration = Duration::from_secs(5);

/// Records every trace that begins on this thread, wherever it goes on, until dropped.
///
/// It needs no `init`, and captures on other threads do not see each other. Whatever the sampler says, everything is
/// recorded, but for functions that a filter has switched off. Stays on its thread.
///
/// ```
/// use tracer_runtime::{testing, traced};
///
/// #[traced]
/// fn greet() {}
///
/// let capture = testing::capture();
/// greet();
/// assert_eq!(capture.tree(), "greet [ok]\n");
/// ```
#[derive(Debug)]
#[must_use = "it records until it is dropped"]
pub struct Capture {
    pipeline: Arc<Pipeline>,
    not_send: PhantomData<*const ()>,
}

/// Begins to record what begins on this thread.
pub fn capture() -> Capture {
    clock::scale();
    metrics::prepare();
    let pipeline = Arc::new(Pipeline::private(Some(Live::default())));
    captures::register(&pipeline);
    captures::enter(pipeline.clone());
    Capture {
        pipeline,
        not_send: PhantomData,
    }
}

impl Capture {
    /// The future's traces belong to this capture, on whatever thread it is polled.
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Run {
            pipeline: self.pipeline.clone(),
            inner: Box::pin(future),
        }
    }

    /// The traces as text, once they are complete; spans that do not end within 5 s show `[running]`.
    #[must_use]
    pub fn tree(&self) -> String {
        calltree::plain::render(&self.complete())
    }

    /// The spans as data, in order of their starts; waits as [`Self::tree`] does.
    #[must_use]
    pub fn spans(&self) -> Vec<CapturedSpan> {
        self.complete()
            .into_iter()
            .map(CapturedSpan::from)
            .collect()
    }

    fn complete(&self) -> Vec<LiveSpan> {
        self.pipeline.wait_until_idle(Instant::now() + PATIENCE);
        let mut spans = self
            .pipeline
            .live
            .as_ref()
            .map(Live::spans)
            .unwrap_or_default();
        spans.sort_by_key(|span| span.start);
        for span in &mut spans {
            span.details.spell_out_foreign();
        }
        spans
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        captures::leave(&self.pipeline);
        captures::unregister(&self.pipeline);
    }
}

impl From<LiveSpan> for CapturedSpan {
    fn from(span: LiveSpan) -> Self {
        let scale = clock::scale();
        let mut details = span.details;
        details.spell_out();
        let mut own_attributes = span.callsite.code_attributes();
        let outcome = span.end.map(|(_, outcome)| outcome);
        let outcome_by_us = outcome.filter(|_| !details.is_verbatim());
        if let Some(kind) = outcome_by_us.and_then(|o| o.error_type(details.failure.as_deref())) {
            own_attributes.push(KeyValue::new("error.type", kind.to_owned()));
        }
        own_attributes.extend(details.own_attributes);
        let name = details.foreign.and_then(|foreign| foreign.name);
        Self {
            trace_id: span.trace,
            span_id: span.span,
            parent_id: span.parent,
            callsite: span.callsite,
            name: name.unwrap_or(span.callsite.name().into()),
            outcome,
            duration: span
                .end
                .map(|(ticks, _)| Duration::from_nanos(scale.duration_ns(ticks))),
            failure: details.failure.map(|failure| *failure),
            attributes: details.attributes,
            own_attributes,
            events: details.events.into_iter().map(Into::into).collect(),
            links: details.links,
        }
    }
}

impl From<Event> for CapturedEvent {
    fn from(event: Event) -> Self {
        Self {
            kind: event.kind,
            name: event.name,
            attributes: event.attributes,
        }
    }
}

/// See [`Capture::run`].
#[derive(Debug)]
struct Run<F> {
    pipeline: Arc<Pipeline>,
    inner: Pin<Box<F>>,
}

impl<F: Future> Future for Run<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        struct Leave<'a>(&'a Arc<Pipeline>);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                captures::leave(self.0);
            }
        }
        let this = &mut *self;
        captures::enter(this.pipeline.clone());
        let _leave = Leave(&this.pipeline);
        this.inner.as_mut().poll(task)
    }
}
