//! Under `max_level_warn` of `tracing`: subscribers see the same of both attributes, and our own span is there whatever its level.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use tracer_runtime::testing::capture;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

/// The functions, with one attribute or the other.
macro_rules! functions {
    ($side:ident, $instrument:path) => {
        mod $side {
            use super::*;
            use $instrument;

            #[instrument(level = "warn", ret, fields(computed = 1 + 1))]
            fn severe() -> u8 {
                1
            }

            #[instrument(level = "info", err, ret)]
            fn quiet() -> Result<u8, String> {
                Err("no".to_owned())
            }

            #[instrument(level = "debug", fields(computed = 1 + 1))]
            fn quieter() {}

            #[instrument(level = "warn")]
            async fn severe_async() {}

            #[instrument(level = "info", ret)]
            async fn quiet_async() -> u8 {
                1
            }

            #[instrument(level = "warn")]
            fn severe_future() -> impl Future<Output = ()> {
                async {}
            }

            #[instrument(level = "info")]
            fn quiet_future() -> impl Future<Output = ()> {
                async {}
            }

            #[instrument(level = "info")]
            fn quiet_boxed() -> Pin<Box<dyn Future<Output = ()>>> {
                Box::pin(async {})
            }

            pub(super) fn calls() {
                severe();
                quiet().unwrap_err();
                quieter();
                finish(severe_async());
                assert_eq!(finish(quiet_async()), 1);
                finish(severe_future());
                finish(quiet_future());
                finish(quiet_boxed());
            }
        }
    };
}

mod annotated {
    use super::*;
    use tracer_runtime::traced;

    #[traced(level = "warn", args(id))]
    fn severe(id: u8) {
        let _ = id;
        quiet();
    }

    #[traced(level = "info")]
    fn quiet() {
        // What the level leaves out is nobody's parent.
        tracing::warn!("said");
    }

    #[traced(level = "error")]
    async fn severe_async() {
        quiet_async().await;
    }

    #[traced(level = "debug")]
    async fn quiet_async() {}

    pub(super) fn calls() {
        severe(7);
        quiet();
        finish(severe_async());
    }
}

functions!(theirs, tracing::instrument);
functions!(ours, tracer_runtime::instrument);

fn finish<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing waits"),
    }
}

struct Seen(&'static Mutex<Vec<String>>);

impl tracing::Subscriber for Seen {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0
            .lock()
            .unwrap()
            .push(span.metadata().name().to_owned());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(format!("event {}", event.metadata().level()));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn seen(calls: fn()) -> Vec<String> {
    let lines: &'static Mutex<Vec<String>> = Box::leak(Box::default());
    tracing::subscriber::with_default(Seen(lines), calls);
    lines.lock().unwrap().clone()
}

#[test]
fn subscribers_see_what_the_static_level_leaves() {
    let expected = [
        "severe",
        "event WARN",
        "event ERROR",
        "severe_async",
        "severe_future",
    ];
    assert_eq!(seen(theirs::calls), expected);
    assert_eq!(seen(ours::calls), expected);
}

#[test]
fn our_spans_are_those_of_every_level() {
    let capture = capture();
    ours::calls();
    assert_eq!(
        capture.tree(),
        "severe [ok] {computed=2, return=1}\nquiet [error: no]\nquieter [ok] {computed=2}\nsevere_async [ok]\n\
         quiet_async [ok] {return=1}\nsevere_future [ok]\nquiet_future [ok]\nquiet_boxed [ok]\n"
    );
}

#[test]
fn annotated_functions_are_spans_of_subscribers_as_far_as_the_static_level_leaves_them() {
    let capture = capture();
    let expected = ["severe", "event WARN", "event WARN", "severe_async"];
    assert_eq!(seen(annotated::calls), expected);
    assert_eq!(
        capture.tree(),
        "severe [ok] {id=7}\n  quiet [ok]\nquiet [ok]\nsevere_async [ok]\n  quiet_async [ok]\n"
    );
    let text = tracer_runtime::metrics::encode();
    let module = concat!(module_path!(), "::annotated");
    for (function, calls) in [
        ("severe", 1),
        ("quiet", 2),
        ("severe_async", 1),
        ("quiet_async", 1),
    ] {
        let labels = format!("function=\"{function}\",module=\"{module}\",outcome=\"ok\"");
        let line = format!("function_calls_total{{{labels}}} {calls}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
}
