//! Context across tasks and threads: futures and closures that carry it.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::baggage::InBaggage;
use super::context::Context;
use super::describe::AlwaysOk;
use super::future::Traced;
use super::named::Span;
use super::place::Place;
use crate::baggage::Baggage;
use crate::id::SpanId;
use crate::mode;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local};
use crate::recorder::verdict;

/// Carries context along with a future.
pub trait FutureExt: Future + Sized {
    /// The future's calls are children of the span that is current now.
    fn in_current_context(self) -> InContext<Self> {
        self.in_context(Context::current())
    }

    /// The future's calls are children of the context's span.
    fn in_context(self, context: Context) -> InContext<Self> {
        let place = if mode::get() != 0 && context.is_valid() {
            Place::below(context)
        } else {
            None
        };
        let state = place.map_or(State::Plain, State::New);
        InContext {
            inner: ManuallyDrop::new(self),
            state,
        }
    }

    /// The future runs with this baggage instead of the current span's. It needs a span around it that the baggage can
    /// travel with; where there is none it changes nothing.
    ///
    /// ```
    /// use tracer_runtime::{Baggage, FutureExt as _, traced};
    ///
    /// #[traced]
    /// async fn order(tenant: &str) {
    ///     let baggage = Baggage::current().with("tenant", tenant);
    ///     charge().with_baggage(baggage).await;
    /// }
    ///
    /// #[traced]
    /// async fn charge() {
    ///     // Whatever is called from here gets it.
    ///     assert!(Baggage::current().get("tenant").is_none_or(|tenant| tenant == "acme"));
    /// }
    /// ```
    fn with_baggage(self, baggage: Baggage) -> InBaggage<Self> {
        InBaggage::new(self, baggage)
    }

    /// The future's run is this span.
    fn in_span(self, span: Span) -> Traced<Self> {
        span.around(self, AlwaysOk)
    }
}

impl<F: Future> FutureExt for F {}

/// A future that runs under a context. See [`FutureExt`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct InContext<F> {
    inner: ManuallyDrop<F>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// No context.
    Plain,
    New(Place),
    Own {
        fragment: Box<Fragment>,
        parent: SpanId,
    },
}

/// While the future is polled or dropped.
struct Attached {
    fragment: u64,
    parent: SpanId,
    depth: u32,
}

impl Attached {
    fn attach(state: &mut State) -> Option<Self> {
        local::with(|local| {
            let (fragment, parent) = match std::mem::replace(state, State::Plain) {
                State::Plain => return None,
                State::New(place) => {
                    let parent = place.parent;
                    (place.open(local)?, parent)
                }
                State::Own { fragment, parent } => (fragment, parent),
            };
            let (id, depth) = (fragment.id, local.depth());
            match local.push_top(fragment, parent) {
                Ok(()) => Some(Self {
                    fragment: id,
                    parent,
                    depth,
                }),
                Err(fragment) => {
                    verdict::finish(Some(local), fragment);
                    None
                }
            }
        })
        .flatten()
    }

    fn take(&self, local: &Local) -> Option<Box<Fragment>> {
        if local.fragment_id.get() != self.fragment {
            local.heal(self.fragment, self.depth);
        }
        if local.fragment_id.get() == self.fragment {
            local.pop_top()
        } else {
            None
        }
    }

    fn pause(self) -> State {
        let this = ManuallyDrop::new(self);
        let fragment = local::with(|local| this.take(local)).flatten();
        fragment.map_or(State::Plain, |fragment| State::Own {
            fragment,
            parent: this.parent,
        })
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        local::with(|local| {
            if let Some(fragment) = self.take(local) {
                verdict::finish(Some(local), fragment);
            }
        });
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    #[allow(
        unsafe_code,
        reason = "structural pinning of `inner`, which is never moved"
    )]
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is pinned structurally: it is only ever pinned again, or dropped in place by `Drop`;
        // `state` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `this` came from a pin, so `inner` does not move until it is dropped in place.
        let inner: Pin<&mut F> = unsafe { Pin::new_unchecked(&mut *this.inner) };
        let Some(attached) = Attached::attach(&mut this.state) else {
            return inner.poll(task);
        };
        let polled = inner.poll(task);
        if polled.is_pending() {
            this.state = attached.pause();
        }
        polled
    }
}

impl<F> Drop for InContext<F> {
    #[allow(
        unsafe_code,
        reason = "drops the pinned inner future in place, once, in its context"
    )]
    fn drop(&mut self) {
        let _attached = match self.state {
            State::Own { .. } => Attached::attach(&mut self.state),
            State::Plain | State::New(_) => None,
        };
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
    }
}

impl<F: Unpin> Unpin for InContext<F> {}

/// Carries the current context into a closure that runs elsewhere: on a thread, in a pool.
///
/// ```
/// std::thread::spawn(tracer_runtime::wrap(|| 1 + 1));
/// ```
pub fn wrap<R, F: FnOnce() -> R + Send + 'static>(f: F) -> impl FnOnce() -> R + Send + 'static {
    let context = Context::current();
    let place = if mode::get() != 0 && context.is_valid() {
        Place::below(context)
    } else {
        None
    };
    move || {
        let mut state = place.map_or(State::Plain, State::New);
        let _attached = Attached::attach(&mut state);
        f()
    }
}

/// [`tokio::spawn`] in the current context.
///
/// # Panics
///
/// Outside a tokio runtime, as [`tokio::spawn`] does.
#[cfg(feature = "tokio")]
#[track_caller]
pub fn spawn<F>(future: F) -> tokio::task::JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future.in_current_context())
}

/// [`tokio::task::spawn_blocking`] in the current context.
///
/// # Panics
///
/// Outside a tokio runtime, as [`tokio::task::spawn_blocking`] does.
#[cfg(feature = "tokio")]
#[track_caller]
pub fn spawn_blocking<R, F>(f: F) -> tokio::task::JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    tokio::task::spawn_blocking(wrap(f))
}
