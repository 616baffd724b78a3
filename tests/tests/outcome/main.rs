//! What counts as `ok` and as `error`, and what is recorded of an error.
#![deny(warnings)]
#![allow(
    clippy::unwrap_used,
    clippy::result_large_err,
    missing_docs,
    clippy::manual_is_multiple_of,
    clippy::print_stdout,
    reason = "tests"
)]

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::pin::Pin;

use http::{Response, StatusCode};
use tonic::{Code, Status};
use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::{CallOutcome, Failure, Outcome, SpanKind, traced};

/// The only span that the call makes.
fn span<T>(call: impl FnOnce() -> T) -> CapturedSpan {
    let capture = capture();
    let _ = call();
    let mut spans = capture.spans();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[track_caller]
fn assert_ok<T>(call: impl FnOnce() -> T) {
    let span = span(call);
    assert_eq!(span.outcome, Some(CallOutcome::Ok), "{span:?}");
    assert_eq!(span.failure, None);
}

/// `error.type` and the message.
#[track_caller]
fn failure<T>(call: impl FnOnce() -> T) -> (String, Option<String>) {
    let span = span(call);
    assert_eq!(span.outcome, Some(CallOutcome::Error), "{span:?}");
    let failure = span.failure.unwrap();
    (failure.error_type.into_owned(), failure.message)
}

#[track_caller]
fn message<T>(call: impl FnOnce() -> T) -> String {
    failure(call).1.unwrap()
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("inner")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {}

mod by_shape;
mod errors;

mod results_by_type;

mod statuses;

mod users_decide;

mod unwinding;
