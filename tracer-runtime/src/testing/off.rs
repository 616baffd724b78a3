//! Captures without the feature `enable`: there is nothing to see.

use std::future::Future;
use std::marker::PhantomData;

use super::CapturedSpan;

/// Sees nothing: the feature `enable` is off.
#[derive(Debug)]
#[must_use = "it records until it is dropped"]
pub struct Capture {
    not_send: PhantomData<*const ()>,
}

/// Sees nothing: the feature `enable` is off.
pub fn capture() -> Capture {
    Capture {
        not_send: PhantomData,
    }
}

impl Capture {
    /// The future as it is.
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future
    }

    /// The empty text.
    #[must_use]
    pub fn tree(&self) -> String {
        String::new()
    }

    /// No spans.
    #[must_use]
    pub fn spans(&self) -> Vec<CapturedSpan> {
        Vec::new()
    }
}
