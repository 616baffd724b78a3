//! Which callsites are those of `#[instrument]`: as a layer of ours asks, whenever it comes.
#![cfg(all(feature = "enable", feature = "tracing"))]
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::{Arc, Mutex};
use tracer_runtime::__private::is_instrumented;
use tracer_runtime::instrument;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, with_default};
use tracing::{Event, Metadata};

/// Wants the spans of others only.
#[derive(Clone, Default)]
struct Others(Arc<Mutex<Vec<&'static str>>>);

impl Others {
    fn seen(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl tracing::Subscriber for Others {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match is_instrumented(metadata) {
            true => Interest::never(),
            false => Interest::sometimes(),
        }
    }
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !is_instrumented(metadata)
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.lock().unwrap().push(span.metadata().name());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn other() -> u8 {
    let _other = tracing::info_span!("other").entered();
    1
}

#[instrument(fields(computed = other()))]
fn here() {}

#[instrument(name = "renamed", skip_all)]
async fn later() {}

#[instrument(level = "debug")]
fn r#match() {
    other();
}

fn calls() {
    here();
    r#match();
    let mut future = Box::pin(later());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_ready());
}

/// In one test: they share the callsites.
#[test]
fn callsites_are_known_from_the_first_call_on_and_to_whoever_comes_later() {
    let early = Others::default();
    with_default(early.clone(), calls);
    assert_eq!(early.seen(), ["other"]);
    with_default(early.clone(), calls);
    assert_eq!(early.seen(), ["other"]);
    calls();
    let late = Others::default();
    with_default(late.clone(), || {
        calls();
        other();
    });
    assert_eq!(late.seen(), ["other", "other"]);
}
