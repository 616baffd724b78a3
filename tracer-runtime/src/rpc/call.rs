//! A call that is under way: its span, its tracers, its metrics, started and ended together.

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;
use std::pin::pin;
#[cfg(feature = "tower")]
use std::time::Duration;

use super::current::{self, Current};
use super::event::{EventStatus, RPC_FINISH, RPC_START, RpcEvent, StatsLevel};
#[cfg(feature = "tower")]
use super::event::{STREAM_FINISH, STREAM_RECV, STREAM_RECV_HEADER, STREAM_SEND, STREAM_START};
use super::info::{BizStatus, OTHER, RpcInfo, RpcPlan, RpcStatus, full_method};
#[cfg(feature = "tower")]
use super::stream::{StreamEvent, StreamEventKind};
use super::tracers::States;
use super::{Installed, installed, metrics, sites, status};
use crate::callsite::{Callsite, SpanKind};
use crate::clock;
use crate::context::Remote;
use crate::mode;
use crate::propagation::{Extract, Inject, extract, inject};
use crate::record::{CallOutcome, Failure};
use crate::span::context::current_ids;
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

#[derive(Debug)]
struct Running {
    info: RpcInfo,
    current: Current,
    /// By what the span is known if no better name is found; `None` where it has one already.
    site: Option<&'static Callsite>,
    /// `None` where the span that is current is that of the call.
    held: Option<Held>,
    states: States,
    /// Something is running inside of it, or has unwound out of it.
    entered: bool,
}

impl RpcCall {
    /// Starts a call under the current span.
    pub fn start(plan: RpcPlan) -> Self {
        Self::start_boxed(Box::new(plan))
    }

    pub(crate) fn start_boxed(plan: Box<RpcPlan>) -> Self {
        Self::start_at(installed(), plan, Start::current)
    }

    /// Starts a call that this process serves: the caller's context is in the carrier.
    pub fn serve<C: Extract + ?Sized>(plan: RpcPlan, carrier: &C) -> Self {
        Self::start_at(installed(), Box::new(plan), || {
            Start::remote(extract(carrier))
        })
    }

    /// Starts a call that this process serves, under a context that was read before.
    #[cfg(feature = "tower")]
    pub(crate) fn serve_remote(plan: Box<RpcPlan>, remote: Option<Remote>) -> Self {
        Self::start_at(installed(), plan, || Start::remote(remote))
    }

    /// Starts a call that this process makes, and writes its context into the carrier.
    pub fn send<C: Inject + ?Sized>(plan: RpcPlan, carrier: &mut C) -> Self {
        let mut call = Self::start(plan);
        call.within(|| inject(carrier));
        call
    }

    pub(super) fn start_at(
        installed: &'static Installed,
        plan: impl Into<Box<RpcPlan>>,
        at: impl FnOnce() -> Start,
    ) -> Self {
        if mode::get() == 0 {
            return Self(None);
        }
        let plan = plan.into();
        let site = plan.find_site();
        Self::start_as(installed, plan, SpanOfCall::ByMethod(site, at()))
    }

    /// Starts the call that a function stands for.
    pub(super) fn start_function(plan: Box<RpcPlan>, site: &'static Callsite, at: Start) -> Self {
        Self::start_as(installed(), plan, SpanOfCall::Function(site, at))
    }

    /// Starts the call that the current span stands for.
    pub(super) fn start_in_current(plan: Box<RpcPlan>) -> Self {
        Self::start_as(installed(), plan, SpanOfCall::Current)
    }

    fn start_as(installed: &'static Installed, mut plan: Box<RpcPlan>, span: SpanOfCall) -> Self {
        // Read first: the time of decoding and of the tracers belongs to the call.
        let ticks = clock::now();
        plan.complete(&installed.service_name);
        let (held, site) = match span {
            SpanOfCall::ByMethod(site, at) => (Some(Held::new(site, at)), Some(site)),
            SpanOfCall::Function(site, at) => (Some(Held::new(site, at)), None),
            SpanOfCall::Current => (None, None),
        };
        let info = RpcInfo::new(plan, installed);
        info.stats()
            .note_at(RPC_START, EventStatus::Info, "", ticks);
        let counts = !info.invocation().is_attempt();
        if counts {
            metrics::started(&info, ticks);
        }
        let mut running = Box::new(Running {
            held,
            current: Current::new(info.clone()),
            info,
            site,
            states: States::default(),
            entered: false,
        });
        running.within(|running| {
            if let Some(ids) = current_ids() {
                let _ = running.info.0.ids.set(ids);
            }
            inside::attach_rpc(running.info);
            if counts && running.info.stats().level() > StatsLevel::Disabled {
                *running.states = installed.tracers.start(running.info);
            }
        });
        Self(Some(running))
    }

    /// What is known about the call; `None` where nothing is recorded.
    #[must_use]
    pub fn info(&self) -> Option<&RpcInfo> {
        Some(&self.0.as_ref()?.info)
    }

    /// Runs something inside of the call: its span is current, and [`RpcInfo::current`] is this call.
    pub fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        match &mut self.0 {
            Some(running) => running.within(|_| run()),
            None => run(),
        }
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
        let mut future = pin!(future);
        std::future::poll_fn(|task| self.within(|| future.as_mut().poll(task))).await
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
            let _ = running.info.0.late.method.set(method.into());
        }
    }

    /// The template of the path that matched. What is said first counts.
    pub fn set_route(&self, route: impl Into<Cow<'static, str>>) {
        if let Some(running) = &self.0 {
            let _ = running.info.0.late.route.set(route.into());
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
            let _ = running.info.0.late.status.set(status);
        }
    }

    /// Who answered.
    pub fn set_peer_address(&self, address: impl Into<Cow<'static, str>>) {
        if let Some(running) = &self.0 {
            let _ = running.info.0.late.peer_address.set(address.into());
        }
    }

    /// The call went well, unless its status says otherwise.
    pub fn finish(self) {
        let Some(status) = self.info().and_then(RpcInfo::status) else {
            return self.end(CallOutcome::Ok, None, None);
        };
        let kind = self.info().map_or(SpanKind::Server, RpcInfo::kind);
        if status.is_error(kind) {
            self.fail_with(Failure {
                error_type: status.as_text(),
                ..Failure::default()
            });
        } else {
            self.end(CallOutcome::Ok, None, None);
        }
    }

    /// The call failed.
    pub fn fail<E: Error + ?Sized>(self, error: &E) {
        if self.0.is_some() {
            self.fail_with(inside::failure_of(error));
        }
    }

    /// The call failed for this reason.
    pub fn fail_with(self, failure: Failure) {
        self.end(CallOutcome::Error, Some(Box::new(failure)), None);
    }

    /// The call panicked; what it said, where that is text.
    pub(crate) fn panicked(self, message: Option<String>) {
        self.end(CallOutcome::Panic, None, message);
    }

    /// The function that stands for the call has returned something.
    pub(super) fn end_by(mut self, status: Option<RpcStatus>, failure: Option<Box<Failure>>) {
        if let Some(status) = status {
            self.set_status(status);
        }
        let outcome = match failure {
            None => CallOutcome::Ok,
            Some(_) => CallOutcome::Error,
        };
        if let Some(mut running) = self.0.take() {
            running.end(outcome, failure, None);
        }
    }

    fn end(
        mut self,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
        panic_message: Option<String>,
    ) {
        if let Some(mut running) = self.0.take() {
            running.end(outcome, failure, panic_message);
        }
    }
}

impl Drop for RpcCall {
    fn drop(&mut self) {
        if let Some(mut running) = self.0.take() {
            let unwound = running.entered;
            let outcome = if unwound {
                CallOutcome::Panic
            } else {
                CallOutcome::Cancelled
            };
            running.end(outcome, None, None);
        }
    }
}

impl Running {
    fn within<R>(&mut self, run: impl FnOnce(&mut Outside<'_>) -> R) -> R {
        let Self {
            info,
            current,
            held,
            states,
            entered,
            ..
        } = self;
        *entered = true;
        let outside = &mut Outside { info, states };
        let done = current.within(|| match held {
            Some(held) => held.within(|| run(outside)),
            None => run(outside),
        });
        *entered = false;
        done
    }

    fn end(
        &mut self,
        outcome: CallOutcome,
        failure: Option<Box<Failure>>,
        panic_message: Option<String>,
    ) {
        let info = self.info.clone();
        settle_status(&info, outcome);
        let text = failure
            .as_ref()
            .and_then(|failure| failure.message.as_deref());
        let status = match outcome {
            CallOutcome::Ok | CallOutcome::Cancelled => EventStatus::Info,
            CallOutcome::Error | CallOutcome::Panic => EventStatus::Error,
        };
        let stats = info.stats();
        stats.note(
            RPC_FINISH,
            status,
            text.or(panic_message.as_deref()).unwrap_or_default(),
        );
        stats.end(outcome, failure.as_deref().cloned(), panic_message);
        if !info.invocation().is_attempt() {
            metrics::finished(&info);
        }
        let mut states = std::mem::take(&mut self.states);
        if !states.is_empty() {
            let tracers = &info.0.installed.tracers;
            self.within(|_| tracers.finish(&info, states));
        }
        if let Some(held) = self.held.take() {
            let site = self.site.map(|site| info.site().unwrap_or(site));
            held.end(site, outcome, failure);
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

/// What of a call can be changed from within it.
struct Outside<'a> {
    info: &'a RpcInfo,
    states: &'a mut States,
}

/// What the protocol's status is where nobody has said it, and what it says about the method.
fn settle_status(info: &RpcInfo, outcome: CallOutcome) {
    if info.system() != "grpc" {
        return;
    }
    let late = &info.0.late;
    let _ = late.status.set(RpcStatus::Grpc(match outcome {
        CallOutcome::Ok => 0,
        CallOutcome::Cancelled => status::GRPC_CANCELLED,
        CallOutcome::Error | CallOutcome::Panic => status::GRPC_UNKNOWN,
    }));
    let unimplemented = info.status() == Some(RpcStatus::Grpc(status::GRPC_UNIMPLEMENTED));
    let kind = info.kind();
    // There may be no such method, and anybody can ask for one.
    if unimplemented
        && kind == SpanKind::Server
        && sites::known(kind, &info.invocation().full_name()).is_none()
    {
        let _ = late.method.set(Cow::Borrowed(OTHER));
    }
}

impl RpcPlan {
    /// With what is known anyway.
    fn complete(&mut self, service_name: &'static str) {
        let own = match self.kind {
            SpanKind::Client => &mut self.from,
            _ => &mut self.to,
        };
        if own.service_name.is_empty() && !service_name.is_empty() {
            own.service_name = Cow::Borrowed(service_name);
        }
        if self.to.method.is_empty() {
            self.to.method.clone_from(&self.method);
        }
    }

    /// By what name its span is known while it runs. What a gRPC client has asked for, or an HTTP client, may not exist:
    /// then it is no name before it has served once.
    fn find_site(&self) -> &'static Callsite {
        if let Some(site) = self.site {
            return site;
        }
        let from_outside =
            self.kind != SpanKind::Client && (self.system == "grpc" || self.http.is_some());
        let name = full_method(&self.package, &self.service, &self.method);
        let site = match &*name {
            "" => None,
            name if from_outside => sites::known(self.kind, name),
            name => sites::named(self.kind, name),
        };
        site.unwrap_or_else(|| sites::of_system(self.kind, &self.system))
    }
}

impl RpcInfo {
    /// The call that the code here works for; the innermost one.
    ///
    /// ```
    /// use tracer_runtime::rpc::{RpcEvent, RpcInfo, StatsLevel};
    ///
    /// static AUTH_DONE: RpcEvent = RpcEvent::new("auth_done", StatsLevel::Base);
    ///
    /// if let Some(rpc) = RpcInfo::current() {
    ///     rpc.record(AUTH_DONE);
    /// }
    /// ```
    #[must_use]
    pub fn current() -> Option<Self> {
        if mode::get() == 0 {
            return None;
        }
        current::get()
    }

    /// Notes that something has happened in the call.
    pub fn record(&self, event: impl Into<RpcEvent>) {
        self.stats().note(event.into(), EventStatus::Info, "");
    }

    /// Notes that something has happened in the call, and what was wrong about it.
    pub fn record_with(&self, event: impl Into<RpcEvent>, status: EventStatus, text: &str) {
        self.stats().note(event.into(), status, text);
    }

    /// The failure that the application reports in a call that went well. What is said first counts.
    pub fn set_biz_status(&self, code: i32, message: impl Into<String>) {
        let message = message.into();
        let _ = self.0.late.biz_status.set(BizStatus { code, message });
    }

    /// Notes a step of the stream, and tells the tracers.
    #[cfg(feature = "tower")]
    pub(crate) fn stream_event(&self, kind: StreamEventKind, bytes: u64, error: Option<&str>) {
        let event = match kind {
            StreamEventKind::Start => STREAM_START,
            StreamEventKind::HeaderReceived => STREAM_RECV_HEADER,
            StreamEventKind::Received => STREAM_RECV,
            StreamEventKind::Sent => STREAM_SEND,
            StreamEventKind::Finish => STREAM_FINISH,
        };
        let (stats, tracers) = (self.stats(), &self.0.installed.tracers);
        if stats.level() < StatsLevel::Detailed {
            return;
        }
        let first = stats.ticks(event).is_none();
        if tracers.is_empty() && !first {
            return;
        }
        let now = clock::now();
        if first {
            let status = match error {
                None => EventStatus::Info,
                Some(_) => EventStatus::Error,
            };
            stats.note_at(event, status, error.unwrap_or_default(), now);
        }
        let offset = clock::scale().duration_ns(now.saturating_sub(stats.started()));
        let event = StreamEvent {
            kind,
            bytes,
            offset: Duration::from_nanos(offset),
            error: error.map(ToOwned::to_owned),
        };
        tracers.stream_event(self, &event);
    }

    /// By what name its span is known in the end.
    fn site(&self) -> Option<&'static Callsite> {
        let kind = self.kind();
        if let Some(http) = &self.0.plan.http
            && self.system() == "http"
        {
            let method = if http.method == OTHER {
                "HTTP"
            } else {
                &*http.method
            };
            return match self.route() {
                Some(route) => sites::named(kind, &format!("{method} {route}")),
                None => sites::named(kind, method),
            };
        }
        if let Some(site) = self.0.plan.site
            && self.0.late.method.get().is_none()
        {
            return Some(site);
        }
        let method = self.invocation().full_name();
        if method.is_empty() || method == OTHER {
            return None;
        }
        sites::named(kind, &method)
    }
}
