//! What our span is under `#[instrument]`, whether a subscriber is there or not. What subscribers see has a suite of its own.

use std::cell::Cell;

use super::*;
use tracer_runtime::{CallOutcome, instrument};

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn count() -> u32 {
    EVALUATED.set(EVALUATED.get() + 1);
    EVALUATED.get()
}

#[instrument(skip(_secret), fields(n = count(), %third, {"text"} = ?"x", later, nothing = tracing::field::Empty))]
fn recorded(first: u32, second: &Debugged, third: Shown, _secret: Neither) {}

#[test]
fn parameters_and_fields_are_attributes() {
    EVALUATED.set(0);
    let text = tree(|| recorded(1, &Debugged(2), Shown, Neither));
    let expected = "recorded [ok] {first=1, second=\"Debugged(2)\", n=1, third=\"shown\", text=\"\\\"x\\\"\"}\n";
    assert_eq!(text, expected);
    assert_eq!(EVALUATED.get(), 1);
}

/// Wants everything, keeps nothing.
struct Wants;

impl tracing::Subscriber for Wants {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}
}

/// In one test: what a subscriber wants is computed on the other threads too.
#[test]
fn both_sides_share_what_is_computed_and_nothing_is_for_nobody() {
    EVALUATED.set(0);
    let call = || recorded(1, &Debugged(2), Shown, Neither);
    call();
    assert_eq!(EVALUATED.get(), 0);
    let text = tree(|| tracing::subscriber::with_default(Wants, call));
    assert!(text.contains("n=1, third"), "{text}");
    assert_eq!(EVALUATED.get(), 1);
}

#[derive(Debug)]
struct Owner(u32);

impl Owner {
    #[instrument(fields(of = self.0))]
    fn method(&self) {}
}

#[test]
fn self_is_recorded_as_tracing_records_it() {
    assert_eq!(
        tree(|| Owner(3).method()),
        "method [ok] {self=\"Owner(3)\", of=3}\n"
    );
}

fn is_negative(n: &i32) -> bool {
    *n < 0
}

#[instrument(skip_all, kind = consumer, error_if = is_negative, level = "debug", target = "shop")]
fn judged(n: i32) -> i32 {
    n
}

#[instrument(root, links = [cx], skip(cx), err(none))]
async fn linked(cx: Context) -> Result<(), String> {
    Err("not said".to_owned())
}

#[instrument(metrics = off, boxed)]
async fn recursive(n: u32) -> u32 {
    match n {
        0 => 0,
        n => Box::pin(recursive(n - 1)).await,
    }
}

#[test]
fn our_arguments_say_the_same_as_under_traced() {
    let mut spans = spans(|| {
        judged(-1);
        block_on(linked(Context::current())).unwrap_err();
        block_on(recursive(1));
    });
    let judged = spans.remove(0);
    assert_eq!(
        (judged.kind(), judged.callsite.level()),
        (SpanKind::Consumer, Level::Debug)
    );
    assert_eq!(judged.outcome, Some(CallOutcome::Error));
    let names: Vec<_> = spans.iter().map(CapturedSpan::name).collect();
    assert_eq!(names, ["linked", "recursive", "recursive"]);
    assert_eq!(spans[0].failure.as_ref().unwrap().message, None);
}

#[instrument(crate = ::tracer_runtime, fields(doubled = n * 2))]
fn elsewhere(n: u32) -> Option<u32> {
    n.checked_sub(1)
}

#[test]
fn the_runtime_may_be_elsewhere() {
    assert_eq!(tree(|| elsewhere(1)), "elsewhere [ok] {n=1, doubled=2}\n");
}

#[instrument(err(Debug), ret(Display, level = "warn"), parent = None)]
fn said(fails: bool) -> Result<u32, Debugged> {
    match fails {
        true => Err(Debugged(1)),
        false => Ok(2),
    }
}

#[test]
fn errors_and_values_are_recorded_as_they_are_said() {
    let text = tree(|| {
        let _ = said(true);
        said(false)
    });
    assert_eq!(
        text,
        "said [error: Debugged(1)] {fails=true}\nsaid [ok] {fails=false, return=\"2\"}\n"
    );
}
