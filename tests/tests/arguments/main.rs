//! What the arguments of the attribute do.
#![deny(warnings)]
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::box_collection,
    clippy::drop_non_drop,
    clippy::too_many_arguments,
    reason = "tests"
)]

use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::pin::Pin;

use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::{Context, Level, SpanKind, Value, traced};

fn tree<T>(f: impl FnOnce() -> T) -> String {
    let capture = capture();
    let _ = f();
    capture.tree()
}

fn spans<T>(f: impl FnOnce() -> T) -> Vec<CapturedSpan> {
    let capture = capture();
    let _ = f();
    capture.spans()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

struct Shown;

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shown")
    }
}

#[derive(Debug, Clone)]
struct Debugged(#[allow(dead_code, reason = "shown by Debug")] u32);

struct Neither;

mod modules;
mod names;

mod levels_targets_and_kinds;

mod parameters;

mod fields;

mod returns;

mod where_the_span_hangs;

mod signals;

mod blocks;

mod carriers;

mod instrument;

#[test]
fn values_are_plain_data() {
    #[traced(args(n), ret)]
    fn f(n: u32) -> bool {
        n > 0
    }
    let span = spans(|| f(1)).remove(0);
    let values: Vec<_> = span
        .attributes
        .iter()
        .map(|kv| (&*kv.key, &kv.value))
        .collect();
    assert_eq!(
        values,
        [("n", &Value::I64(1)), ("return", &Value::Bool(true))]
    );
}
