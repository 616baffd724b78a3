//! Context across tasks and threads: there is none to carry.

use std::future::Future;

use super::baggage::InBaggage;
use super::context::Context;
use super::named::Span;
use crate::baggage::Baggage;

/// Leaves futures as they are: the feature `enable` is off.
pub trait FutureExt: Future + Sized {
    /// The future as it is.
    #[inline(always)]
    fn in_current_context(self) -> InContext<Self> {
        self
    }

    /// The future as it is.
    #[inline(always)]
    fn in_context(self, _context: Context) -> InContext<Self> {
        self
    }

    /// The future as it is.
    #[inline(always)]
    fn with_baggage(self, _baggage: Baggage) -> InBaggage<Self> {
        self
    }

    /// The future as it is.
    #[inline(always)]
    fn in_span(self, _span: Span) -> Self {
        self
    }
}

impl<F: Future> FutureExt for F {}

/// The future as it is.
pub type InContext<F> = F;

/// The closure as it is.
#[inline(always)]
pub fn wrap<R, F: FnOnce() -> R + Send + 'static>(f: F) -> impl FnOnce() -> R + Send + 'static {
    f
}

/// [`tokio::spawn`].
///
/// # Panics
///
/// Outside a tokio runtime, as [`tokio::spawn`] does.
#[cfg(feature = "tokio")]
#[inline]
#[track_caller]
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}

/// [`tokio::task::spawn_blocking`].
///
/// # Panics
///
/// Outside a tokio runtime, as [`tokio::task::spawn_blocking`] does.
#[cfg(feature = "tokio")]
#[inline]
#[track_caller]
pub fn spawn_blocking<R, F>(f: F) -> tokio::task::JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    tokio::task::spawn_blocking(f)
}
