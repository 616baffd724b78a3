//! What is noted of a call while it runs, and at its end.

use std::borrow::Cow;
#[cfg(feature = "tower")]
use std::time::Duration;

use super::event::{EventStatus, RpcEvent};
#[cfg(feature = "tower")]
use super::event::{
    STREAM_FINISH, STREAM_RECV, STREAM_RECV_HEADER, STREAM_SEND, STREAM_START, StatsLevel,
};
use super::info::{OTHER, RpcInfo};
use super::status::{BizStatus, RpcStatus};
#[cfg(feature = "tower")]
use super::stream::{StreamEvent, StreamEventKind};
use super::{current, sites, status};
use crate::callsite::{Callsite, SpanKind};
#[cfg(feature = "tower")]
use crate::clock;
use crate::mode;
use crate::record::CallOutcome;

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
        let seldom = self.0.late.seldom();
        let _ = seldom.biz_status.set(BizStatus { code, message });
    }

    /// Notes a step of the stream, and tells the tracers.
    #[cfg(feature = "tower")]
    #[inline]
    pub(crate) fn stream_event(&self, kind: StreamEventKind, bytes: u64, error: Option<&str>) {
        if self.stats().level() >= StatsLevel::Detailed {
            self.note_stream_event(kind, bytes, error);
        }
    }

    #[cfg(feature = "tower")]
    fn note_stream_event(&self, kind: StreamEventKind, bytes: u64, error: Option<&str>) {
        let event = match kind {
            StreamEventKind::Start => STREAM_START,
            StreamEventKind::HeaderReceived => STREAM_RECV_HEADER,
            StreamEventKind::Received => STREAM_RECV,
            StreamEventKind::Sent => STREAM_SEND,
            StreamEventKind::Finish => STREAM_FINISH,
        };
        let (stats, tracers) = (self.stats(), &self.0.installed.tracers);
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
    #[inline]
    pub(super) fn site(&self) -> Option<&'static Callsite> {
        match self.0.plan.site {
            Some(site) if self.0.plan.http.is_none() && self.0.late.method().is_none() => {
                Some(site)
            }
            _ => self.find_site(),
        }
    }

    #[inline(never)]
    fn find_site(&self) -> Option<&'static Callsite> {
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
            && self.0.late.method().is_none()
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

/// What the protocol's status is where nobody has said it, and what it says about the method.
pub(super) fn settle_status(info: &RpcInfo, outcome: CallOutcome) {
    if info.system() != "grpc" {
        return;
    }
    let late = &info.0.late;
    late.set_status(RpcStatus::Grpc(match outcome {
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
        let _ = late.seldom().method.set(Cow::Borrowed(OTHER));
    }
}
