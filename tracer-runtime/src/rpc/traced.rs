//! The call that an annotated function stands for: `#[traced(server)]`, `#[traced(client)]`.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use super::call::RpcCall;
use super::event::{SERVER_HANDLE_FINISH, SERVER_HANDLE_START};
use super::identity::Identity;
use super::info::RpcInfo;
use crate::callsite::{Callsite, SpanKind};
use crate::mode;
use crate::record::{CallOutcome, Failure};
use crate::span::describe::Describe;
use crate::span::future::Traced;
use crate::span::guard::{Guard, enter_at};
use crate::span::held::Held;
use crate::span::start::Start;

/// A future that is a call from its first poll to its end.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct TracedCall<F, D> {
    state: ManuallyDrop<State>,
    describe: D,
    inner: ManuallyDrop<F>,
}

/// Small: a future grows by it.
#[derive(Debug)]
enum State {
    Waiting(Box<Waiting>),
    Running(RpcCall),
    /// A span within a call that a layer has started.
    Joined(Box<Held>, SpanKind),
    Done,
}

#[derive(Debug)]
struct Waiting {
    site: &'static Callsite,
    at: Start,
    identity: Identity,
}

impl Waiting {
    fn begin(mut self) -> State {
        let kind = self.site.kind();
        self.identity.set_caller(&self.at);
        match self.identity.plan() {
            _ if mode::is_off() => State::Done,
            // A subscriber may want the span of the function.
            _ if mode::get() == 0 => State::Joined(Box::new(Held::new(self.site, self.at)), kind),
            Some(plan) => {
                let call = RpcCall::start_function(plan, self.site, self.at);
                if kind == SpanKind::Server {
                    call.record(SERVER_HANDLE_START);
                }
                State::Running(call)
            }
            None => State::Joined(Box::new(Held::new(self.site, self.at)), kind),
        }
    }
}

impl State {
    fn begin(&mut self) {
        if let Self::Waiting(_) = self
            && let Self::Waiting(waiting) = self.take()
        {
            *self = waiting.begin();
        }
    }

    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Done)
    }

    fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        match self {
            Self::Running(call) => call.within(run),
            Self::Joined(held, _) => held.within(run),
            Self::Waiting(_) | Self::Done => run(),
        }
    }

    fn end<T, D: Describe<T>>(&mut self, value: &T, describe: D) {
        match self.take() {
            Self::Running(mut call) => {
                let kind = call.info().map_or(SpanKind::Internal, RpcInfo::kind);
                let failure = call.within(|| describe.describe(value, kind));
                end(call, kind, describe.status(value), failure);
            }
            Self::Joined(mut held, kind) => {
                let failure = held.within(|| describe.describe(value, kind));
                let outcome = match failure {
                    None => CallOutcome::Ok,
                    Some(_) => CallOutcome::Error,
                };
                held.end(None, None, outcome, failure);
            }
            Self::Waiting(_) | Self::Done => {}
        }
    }
}

fn end(
    call: RpcCall,
    kind: SpanKind,
    status: Option<super::RpcStatus>,
    failure: Option<Box<Failure>>,
) {
    if kind == SpanKind::Server {
        call.record(SERVER_HANDLE_FINISH);
    }
    call.end_by(status, failure);
}

/// Makes the run of a future a call.
pub fn traced_call<F: Future, D: Describe<F::Output>>(
    site: &'static Callsite,
    at: Start,
    identity: Identity,
    future: F,
    describe: D,
) -> TracedCall<F, D> {
    TracedCall {
        state: ManuallyDrop::new(State::Waiting(Box::new(Waiting { site, at, identity }))),
        describe,
        inner: ManuallyDrop::new(future),
    }
}

impl<F: Future, D: Describe<F::Output>> Future for TracedCall<F, D> {
    type Output = F::Output;

    #[allow(
        unsafe_code,
        reason = "structural pinning of `inner`, which is never moved"
    )]
    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        // SAFETY: `inner` is pinned structurally: it is only ever pinned again, or dropped in place by `Drop`;
        // `state` and `describe` are not pinned and may be moved freely.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: `this` came from a pin, so `inner` does not move until it is dropped in place.
        let inner: Pin<&mut F> = unsafe { Pin::new_unchecked(&mut *this.inner) };
        this.state.begin();
        let polled = this.state.within(|| inner.poll(task));
        if let Poll::Ready(value) = &polled {
            this.state.end(value, this.describe);
        }
        polled
    }
}

impl<F, D> Drop for TracedCall<F, D> {
    #[allow(
        unsafe_code,
        reason = "drops the pinned inner future in place, once, inside its call"
    )]
    fn drop(&mut self) {
        let inner = &mut self.inner;
        // SAFETY: `inner` is dropped here and nowhere else, and never touched again.
        self.state.within(|| unsafe { ManuallyDrop::drop(inner) });
        // Not over: cancelled, or unwound.
        drop(self.state.take());
    }
}

impl<F: Unpin, D> Unpin for TracedCall<F, D> {}

// What we add is consistent after any unwinding: the call ends then.
impl<F: UnwindSafe, D> UnwindSafe for TracedCall<F, D> {}
impl<F: RefUnwindSafe, D> RefUnwindSafe for TracedCall<F, D> {}

/// The call of a synchronous function, beside the guard of its span.
#[derive(Debug)]
pub struct CallGuard {
    /// Ends before the guard.
    call: Option<(RpcCall, super::current::Kept)>,
    guard: Guard,
    /// See [`Self::alone`].
    alone: bool,
}

/// Begins a call of a function that runs at once.
pub fn enter_call(site: &'static Callsite, at: Start, mut identity: Identity) -> CallGuard {
    let kind = site.kind();
    if mode::get() == 0 {
        return CallGuard {
            call: None,
            guard: enter_at(site, at),
            alone: false,
        };
    }
    identity.set_caller(&at);
    let guard = enter_at(site, at);
    let call = identity.plan().map(|plan| {
        let call = RpcCall::start_in_current(plan);
        if kind == SpanKind::Server {
            call.record(SERVER_HANDLE_START);
        }
        call
    });
    let call = call.and_then(|call| {
        let entered = super::current::Current::enter(call.info()?.clone());
        Some((call, entered))
    });
    CallGuard {
        call,
        guard,
        alone: false,
    }
}

impl CallGuard {
    /// The body has reached its end, and the call with it.
    pub fn finish(&mut self) {
        self.finish_with(None, None);
    }

    /// The body has reached its end and returned something; `None` as its failure is `ok`.
    pub(crate) fn finish_with(
        &mut self,
        status: Option<super::RpcStatus>,
        failure: Option<Box<Failure>>,
    ) {
        if let Some((call, entered)) = self.call.take() {
            drop(entered);
            end(call, self.guard.kind(), status, failure.clone());
        }
        self.guard.finish_with(failure);
    }

    /// Nobody will say that the body has reached its end.
    pub fn alone(&mut self) {
        self.guard.alone();
        self.alone = true;
    }

    /// The call, to go on elsewhere.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self {
            call: self.call.take(),
            guard: self.guard.take(),
            alone: self.alone,
        }
    }

    /// Lets the call go on in the future that its function returned.
    pub fn into_future<F: Future, D: Describe<F::Output>>(
        mut self,
        future: F,
        describe: D,
    ) -> Traced<TracedCall<F, D>, D> {
        let state = match self.call.take() {
            Some((call, entered)) => {
                drop(entered);
                State::Running(call)
            }
            None => State::Done,
        };
        let call = TracedCall {
            state: ManuallyDrop::new(state),
            describe,
            inner: ManuallyDrop::new(future),
        };
        self.guard.take().into_future(call, describe)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.call.is_some() || self.guard.is_on()
    }

    pub(crate) fn kind(&self) -> SpanKind {
        self.guard.kind()
    }
}

impl Drop for CallGuard {
    /// The body has not reached its end, unless nobody says so.
    fn drop(&mut self) {
        if let Some((call, entered)) = self.call.take() {
            drop(entered);
            match self.alone && !std::thread::panicking() {
                true => end(call, self.guard.kind(), None, None),
                false => call.panicked(None),
            }
        }
    }
}
