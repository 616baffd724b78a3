//! A call that is under way: its span, its tracers, its metrics, started and ended together.

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;
use std::mem::{self, ManuallyDrop};

use super::draft::Draft;
use super::event::{EventStatus, RpcEvent};
use super::info::RpcInfo;
use super::plan::RpcPlan;
use super::running::{Inside, Running};
use super::status::RpcStatus;
use super::{Installed, installed, within};
use crate::callsite::{Callsite, SpanKind};
use crate::clock;
#[cfg(feature = "tower")]
use crate::context::Remote;
use crate::mode;
use crate::propagation::{Extract, Inject, extract, inject};
use crate::record::{CallOutcome, Failure};
use crate::span::held::Held;
use crate::span::inside;
use crate::span::start::Start;

/// A call that this process makes or serves, from its start to its finish.
///
/// For protocols that nothing here knows; HTTP and gRPC have layers of their own. Whatever becomes of the call, it is
/// finished once: dropped before [`finish`](Self::finish) or [`fail`](Self::fail), it is `cancelled`, or a `panic` where
/// the thread unwinds.
///
/// ```
/// use tracer_runtime::rpc::{RpcCall, RpcPlan, SERVER_HANDLE_FINISH, SERVER_HANDLE_START};
///
/// let headers = std::collections::HashMap::<String, String>::new();
/// let plan = RpcPlan::server("thrift").with_service("shop", "Stock").with_method("reserve");
/// let mut call = RpcCall::serve(plan, &headers);
/// call.record(SERVER_HANDLE_START);
/// let left = call.within(|| 6 * 7);
/// call.record(SERVER_HANDLE_FINISH);
/// call.finish();
/// # assert_eq!(left, 42);
/// ```
#[derive(Debug)]
#[must_use = "a call that is dropped is cancelled"]
pub struct RpcCall(Option<Box<Running>>);

impl RpcCall {
    /// Starts a call under the current span.
    pub fn start(plan: RpcPlan) -> Self {
        Self::start_at(installed(), plan, Start::current)
    }

    /// Of nothing, so far.
    pub(crate) const fn unstarted() -> Self {
        Self(None)
    }

    /// Starts it under the current span; it is current until that is left, so that what is to be done inside of it at once
    /// need not enter it again. Then [`Self::started`] is to be called.
    pub(crate) fn start_sent(&mut self, draft: Draft) -> Inside<'_> {
        if mode::get() == 0 {
            return Inside::NOTHING;
        }
        let site = draft.find_site();
        self.begin(draft, SpanOfCall::ByMethod(site, Start::current()))
    }

    /// Starts it under a context that was read before, as in [`Self::start_sent`].
    #[cfg(feature = "tower")]
    pub(crate) fn start_served(&mut self, mut draft: Draft, remote: Option<Remote>) -> Inside<'_> {
        if mode::get() == 0 {
            return Inside::NOTHING;
        }
        draft.set_caller(remote.as_ref());
        let site = draft.find_site();
        self.begin(draft, SpanOfCall::ByMethod(site, Start::remote(remote)))
    }

    /// What it started with is over. Nothing is left where nobody records it.
    pub(crate) fn started(&mut self) {
        if !self.0.as_ref().is_some_and(|running| running.is_recorded()) {
            self.0 = None;
        }
    }

    /// Starts a call that this process serves: the caller's context is in the carrier.
    pub fn serve<C: Extract + ?Sized>(mut plan: RpcPlan, carrier: &C) -> Self {
        let remote = extract(carrier);
        plan.set_caller(remote.as_ref());
        Self::start_at(installed(), plan, || Start::remote(remote))
    }

    /// Starts a call that this process makes, and writes its context into the carrier.
    pub fn send<C: Inject + ?Sized>(plan: RpcPlan, carrier: &mut C) -> Self {
        if mode::get() == 0 {
            return Self(None);
        }
        let mut call = Self::unstarted();
        let inside = call.start_sent(Draft::by(installed(), Box::new(plan)));
        inject(carrier);
        inside.leave();
        call.started();
        call
    }

    pub(super) fn start_at(
        installed: &'static Installed,
        plan: RpcPlan,
        at: impl FnOnce() -> Start,
    ) -> Self {
        if mode::get() == 0 {
            return Self(None);
        }
        let draft = Draft::by(installed, Box::new(plan));
        let site = draft.find_site();
        Self::start_as(draft, SpanOfCall::ByMethod(site, at()))
    }

    /// Starts the call that a function stands for.
    pub(super) fn start_function(plan: Box<RpcPlan>, site: &'static Callsite, at: Start) -> Self {
        let draft = Draft::by(installed(), plan);
        Self::start_as(draft, SpanOfCall::Function(site, at))
    }

    /// Starts the call that the current span stands for.
    pub(super) fn start_in_current(plan: Box<RpcPlan>) -> Self {
        let draft = Draft::by(installed(), plan);
        Self::start_as(draft, SpanOfCall::Current)
    }

    fn start_as(draft: Draft, span: SpanOfCall) -> Self {
        let mut call = Self::unstarted();
        call.begin(draft, span).leave();
        call.started();
        call
    }

    /// In its own place, and current from then on.
    #[inline(never)]
    fn begin(&mut self, mut draft: Draft, mut span: SpanOfCall) -> Inside<'_> {
        // Read first: the time of decoding and of the tracers belongs to the call.
        let ticks = clock::now();
        draft.complete();
        let (own, site, at) = match &mut span {
            SpanOfCall::ByMethod(site, at) => (Some(*site), Some(*site), Some(at)),
            SpanOfCall::Function(site, at) => (Some(*site), None, Some(at)),
            SpanOfCall::Current => (None, None, None),
        };
        let info = draft.finish();
        info.stats().begin(ticks);
        // In its place at once: to make it here and move it there is to write it three times.
        let running = Box::write(
            Box::new_uninit(),
            Running::new(info, site, own.map(Held::waiting)),
        );
        // There was none, and nothing to drop.
        mem::forget(self.0.replace(running));
        let Some(running) = &mut self.0 else {
            return Inside::NOTHING;
        };
        let inside = running.begin(at, ticks);
        if span.is_spent() {
            mem::forget(span);
        }
        inside
    }

    /// Makes the call current until that is left.
    #[inline]
    fn enter(&mut self) -> Inside<'_> {
        match &mut self.0 {
            Some(running) => running.enter(),
            None => Inside::NOTHING,
        }
    }

    /// What is known about the call; `None` where nothing is recorded.
    #[must_use]
    pub fn info(&self) -> Option<&RpcInfo> {
        Some(&self.0.as_ref()?.info)
    }

    /// Runs something inside of the call: its span is current, and [`RpcInfo::current`] is this call.
    pub fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let inside = self.enter();
        let done = run();
        inside.leave();
        done
    }

    /// Runs a future inside of the call. Dropped before its end, it is `cancelled`.
    ///
    /// ```
    /// # use tracer_runtime::rpc::{RpcCall, RpcPlan};
    /// # async fn handle() -> u8 { 1 }
    /// # async fn serve() {
    /// let mut call = RpcCall::start(RpcPlan::client("thrift"));
    /// let answer = call.run(handle()).await;
    /// call.finish();
    /// # let _ = answer; }
    /// ```
    pub async fn run<F: Future>(&mut self, future: F) -> F::Output {
        within::run(self, future).await
    }

    /// Notes that something has happened.
    pub fn record(&self, event: impl Into<RpcEvent>) {
        if let Some(running) = &self.0 {
            running.info.record(event);
        }
    }

    /// Notes that something has happened, and what was wrong about it.
    pub fn record_with(&self, event: impl Into<RpcEvent>, status: EventStatus, text: &str) {
        if let Some(running) = &self.0 {
            running.info.record_with(event, status, text);
        }
    }

    /// Counts messages that were sent, and their bytes of payload.
    pub fn add_sent(&self, messages: u64, bytes: u64) {
        if let Some(running) = &self.0 {
            running.info.stats().add_sent(messages, bytes);
        }
    }

    /// Counts messages that were received, and their bytes of payload.
    pub fn add_received(&self, messages: u64, bytes: u64) {
        if let Some(running) = &self.0 {
            running.info.stats().add_received(messages, bytes);
        }
    }

    /// The method, where it was not known at the start. What is said first counts.
    pub fn set_method(&self, method: impl Into<Cow<'static, str>>) {
        if let Some(running) = &self.0 {
            let seldom = running.info.0.late.seldom();
            let _ = seldom.method.set(method.into());
        }
    }

    /// The template of the path that matched. What is said first counts.
    pub fn set_route(&self, route: impl Into<Cow<'static, str>>) {
        if let Some(running) = &self.0
            && running.info.0.plan.route.is_empty()
        {
            let seldom = running.info.0.late.seldom();
            let _ = seldom.route.set(route.into());
        }
    }

    /// The failure that the application reports in a call that went well: it does not make the call an `error`.
    pub fn set_biz_status(&self, code: i32, message: impl Into<String>) {
        if let Some(running) = &self.0 {
            running.info.set_biz_status(code, message);
        }
    }

    /// The status that the protocol gave the call; decides the outcome of [`finish`](Self::finish).
    pub fn set_status(&self, status: RpcStatus) {
        if let Some(running) = &self.0 {
            running.info.0.late.set_status(status);
        }
    }

    /// Who answered.
    pub fn set_peer_address(&self, address: impl Into<Cow<'static, str>>) {
        if let Some(running) = &self.0 {
            let seldom = running.info.0.late.seldom();
            let _ = seldom.peer_address.set(address.into());
        }
    }

    /// The call went well, unless its status says otherwise.
    pub fn finish(self) {
        let kind = self.info().map_or(SpanKind::Server, RpcInfo::kind);
        match self.info().and_then(RpcInfo::status) {
            Some(status) if status.is_error(kind) => self.fail_by(status),
            _ => self.end(CallOutcome::Ok, None),
        }
    }

    #[cold]
    #[inline(never)]
    fn fail_by(self, status: RpcStatus) {
        self.fail_with(Failure {
            error_type: status.as_text(),
            ..Failure::default()
        });
    }

    /// The call failed.
    pub fn fail<E: Error + ?Sized>(self, error: &E) {
        if self.0.is_some() {
            self.fail_with(inside::failure_of(error));
        }
    }

    /// The call failed for this reason.
    pub fn fail_with(self, failure: Failure) {
        self.explain(CallOutcome::Error, Some(&failure), None);
        self.end(CallOutcome::Error, Some(Box::new(failure)));
    }

    /// The call panicked; what it said, where that is text.
    pub(crate) fn panicked(self, message: Option<String>) {
        if message.is_some() {
            self.explain(CallOutcome::Panic, None, message);
        }
        self.end(CallOutcome::Panic, None);
    }

    /// The function that stands for the call has returned something.
    pub(super) fn end_by(self, status: Option<RpcStatus>, failure: Option<Box<Failure>>) {
        if let Some(status) = status {
            self.set_status(status);
        }
        let outcome = match &failure {
            None => CallOutcome::Ok,
            Some(failure) => {
                self.explain(CallOutcome::Error, Some(failure), None);
                CallOutcome::Error
            }
        };
        self.end(outcome, failure);
    }

    fn explain(
        &self,
        outcome: CallOutcome,
        failure: Option<&Failure>,
        panic_message: Option<String>,
    ) {
        if let Some(running) = &self.0 {
            running.explain(outcome, failure, panic_message);
        }
    }

    fn end(self, outcome: CallOutcome, failure: Option<Box<Failure>>) {
        // Nothing is left to drop.
        let running = ManuallyDrop::new(self).0.take();
        if let Some(running) = running {
            running.end(outcome, failure);
        }
    }
}

impl Drop for RpcCall {
    fn drop(&mut self) {
        if let Some(running) = self.0.take() {
            let outcome = if running.has_unwound() {
                CallOutcome::Panic
            } else {
                CallOutcome::Cancelled
            };
            running.end(outcome, None);
        }
    }
}

/// Which span stands for a call.
enum SpanOfCall {
    /// A new one that gets its name from the method.
    ByMethod(&'static Callsite, Start),
    /// A new one of a function.
    Function(&'static Callsite, Start),
    /// The one that is current.
    Current,
}

impl SpanOfCall {
    /// Whether nothing is left of it to free.
    #[inline]
    fn is_spent(&self) -> bool {
        match self {
            Self::ByMethod(_, at) | Self::Function(_, at) => at.is_spent(),
            Self::Current => true,
        }
    }
}
