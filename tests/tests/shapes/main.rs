//! Every shape of function that the attribute stands on.
#![deny(warnings)]
#![allow(
    clippy::allow_attributes_without_reason,
    clippy::diverging_sub_expression,
    clippy::multiple_bound_locations,
    clippy::non_minimal_cfg,
    clippy::ptr_arg,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    missing_docs,
    unsafe_code,
    reason = "shapes of functions as users write them"
)]

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use tracer_runtime::testing::capture;
use tracer_runtime::traced;

/// The tree of what a future does.
fn run<T>(future: impl Future<Output = T>) -> (T, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let capture = capture();
    let value = runtime.block_on(capture.run(future));
    (value, capture.tree())
}

/// The tree of what a closure does.
fn tree<T>(f: impl FnOnce() -> T) -> (T, String) {
    let capture = capture();
    let value = f();
    (value, capture.tree())
}

mod beside_other_attributes;
mod callers;
mod callsites;
mod functions;
mod futures;
mod methods;
mod opaque;
mod std_traits;
mod track_caller;
