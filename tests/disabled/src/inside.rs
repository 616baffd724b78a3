//! What is called inside of a traced function.

use std::collections::HashMap;

use tracer_runtime::propagation::{Extract, Inject, Propagator, Propagators, extract, inject};
use tracer_runtime::{
    Baggage, BaggageGuard, Context, ContextGuard, FutureExt as _, Ids, InBaggage, InContext, Link,
    Remote, Span, SpanGuard, SpanId, TraceId, Value, checkpoint, current_ids, event, record,
    set_error, span, spawn, spawn_blocking, traced, wrap,
};

use crate::functions::{fails, later, plain};

/// What the calls inside saw.
#[derive(Debug)]
pub struct Seen {
    /// For log lines.
    pub ids: Option<Ids>,
    /// Of the current span.
    pub context: Context,
    /// What was written for another service.
    pub headers: HashMap<String, String>,
    /// What the other service reads.
    pub remote: Option<Remote>,
    /// What it is told beside the trace.
    pub tenant: Option<String>,
}

/// Records everything that can be recorded.
#[traced]
#[must_use]
pub fn records() -> Seen {
    record("number", 7);
    record("text", Value::from("x"));
    event!("reserved", warehouse = "north");
    checkpoint!("half");
    set_error(&std::fmt::Error);
    let made: Span = span!("block", shard.id = 3);
    let guard: SpanGuard = made.enter();
    let _ = fails(1, "b", 2.0);
    drop(guard);
    let mut headers = HashMap::new();
    inject(&mut headers);
    let remote = extract(&headers);
    let baggage: Baggage = Baggage::current().with("tenant", "acme");
    let attached: BaggageGuard = baggage.attach();
    let tenant = Baggage::current().get("tenant").map(str::to_owned);
    drop(attached);
    let formats = Propagators::new([Propagator::B3, Propagator::Kitex]);
    formats.inject(&mut headers);
    if let Some(remote) = formats.extract(&headers) {
        formats.forward(&remote, &mut headers);
    }
    Seen {
        ids: current_ids(),
        context: Context::current(),
        headers,
        remote,
        tenant,
    }
}

/// Carries the context everywhere.
#[traced]
pub async fn carries() {
    let context = Context::current();
    let _link = Link::from(context);
    let _ids: (TraceId, SpanId, bool, bool) = (
        context.trace_id(),
        context.span_id(),
        context.is_sampled(),
        context.is_valid(),
    );
    {
        let _guard: ContextGuard = context.attach();
        plain();
    }
    let inner: InContext<_> = later().in_current_context();
    let _ = inner.await;
    let _ = later().in_context(context).await;
    let with: InBaggage<_> = later().with_baggage(context.baggage());
    let _ = with.await;
    let _ = later().in_span(span!("task")).await;
    let _ = spawn(later()).await;
    let _ = spawn_blocking(plain).await;
    wrap(plain)();
}

/// A carrier of the user's own.
#[derive(Debug, Default)]
pub struct Frame(pub Vec<(String, String)>);

impl Extract for Frame {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in &self.0 {
            see(name, value.as_bytes());
        }
    }
}

impl Inject for Frame {
    fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }
}

/// Writes to it.
#[traced(client, carrier = frame)]
pub async fn send(frame: &mut Frame) {
    let _ = frame.first("traceparent");
}
