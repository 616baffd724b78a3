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
use crate::subscriber::Held;

/// Carries context along with a future.
pub trait FutureExt: Future + Sized {
    /// The future's calls are children of the span that is current now.
    ///
    /// In a `tracing` subscriber the span that is current there, whoever made it, is entered whenever the future is polled,
    /// and stays open until the future is dropped: what `Instrument::in_current_span` does. The spans that tokio makes for
    /// `tokio-console` are left to their own tasks.
    fn in_current_context(self) -> InContext<Self> {
        InContext::new(self, Context::current(), Held::current())
    }

    /// The future's calls are children of the context's span, in a `tracing` subscriber too if that sees the span.
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext::new(self, context, Held::of(context.span_id()))
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
    held: Option<Held>,
}

impl<F> InContext<F> {
    fn new(inner: F, context: Context, held: Option<Held>) -> Self {
        Self {
            inner: ManuallyDrop::new(inner),
            state: State::below(context),
            held,
        }
    }
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

impl State {
    fn below(context: Context) -> Self {
        if mode::get() == 0 || !context.is_valid() {
            return Self::Plain;
        }
        Place::below(context).map_or(Self::Plain, Self::New)
    }
}

/// While a span of the subscriber's is current. It begins after ours and ends before.
struct Within<'a>(&'a Held);

impl<'a> Within<'a> {
    fn of(held: &'a Held) -> Self {
        held.enter();
        Self(held)
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
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
        let attached = Attached::attach(&mut this.state);
        let within = this.held.as_ref().map(Within::of);
        let polled = inner.poll(task);
        drop(within);
        if let Some(attached) = attached
            && polled.is_pending()
        {
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
        let _within = self.held.as_ref().map(Within::of);
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        unsafe { ManuallyDrop::drop(&mut self.inner) };
    }
}

impl<F: Unpin> Unpin for InContext<F> {}

/// Carries the current context into a closure that runs elsewhere: on a thread, in a pool. So it does with the span that is
/// current in a `tracing` subscriber, which stays open until the closure has run.
///
/// ```
/// std::thread::spawn(tracer_runtime::wrap(|| 1 + 1));
/// ```
pub fn wrap<R, F: FnOnce() -> R + Send + 'static>(f: F) -> impl FnOnce() -> R + Send + 'static {
    let mut state = State::below(Context::current());
    let held = Held::current();
    move || {
        let _attached = Attached::attach(&mut state);
        let _within = held.as_ref().map(Within::of);
        f()
    }
}

/// [`tokio::spawn`] in the current context: see [`FutureExt::in_current_context`].
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

/// [`tokio::task::spawn_blocking`] in the current context: see [`wrap`].
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
