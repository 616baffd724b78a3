//! Calls that are not followed.

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;

use super::info::{RpcInfo, RpcPlan};
use crate::propagation::{Extract, Inject};
use crate::record::Failure;
use crate::rpc::event::{EventStatus, RpcEvent};
use crate::rpc::status::RpcStatus;

/// A call that nobody follows: the feature `enable` is off.
#[derive(Debug)]
#[must_use = "a call that is dropped is cancelled"]
pub struct RpcCall(());

impl RpcCall {
    /// Starts nothing.
    #[inline(always)]
    pub fn start(_plan: RpcPlan) -> Self {
        Self(())
    }

    /// Starts nothing and reads nothing.
    #[inline(always)]
    pub fn serve<C: Extract + ?Sized>(_plan: RpcPlan, _carrier: &C) -> Self {
        Self(())
    }

    /// Starts nothing and writes nothing.
    #[inline(always)]
    pub fn send<C: Inject + ?Sized>(_plan: RpcPlan, _carrier: &mut C) -> Self {
        Self(())
    }

    /// `None`.
    #[must_use]
    #[inline(always)]
    pub fn info(&self) -> Option<&RpcInfo> {
        None
    }

    /// Runs it.
    #[inline(always)]
    pub fn within<R>(&mut self, run: impl FnOnce() -> R) -> R {
        run()
    }

    /// Runs it.
    #[inline]
    pub async fn run<F: Future>(&mut self, future: F) -> F::Output {
        future.await
    }

    /// Nothing.
    #[inline(always)]
    pub fn record(&self, _event: impl Into<RpcEvent>) {}

    /// Nothing.
    #[inline(always)]
    pub fn record_with(&self, _event: impl Into<RpcEvent>, _status: EventStatus, _text: &str) {}

    /// Nothing.
    #[inline(always)]
    pub fn add_sent(&self, _messages: u64, _bytes: u64) {}

    /// Nothing.
    #[inline(always)]
    pub fn add_received(&self, _messages: u64, _bytes: u64) {}

    /// Nothing.
    #[inline(always)]
    pub fn set_method(&self, _method: impl Into<Cow<'static, str>>) {}

    /// Nothing.
    #[inline(always)]
    pub fn set_route(&self, _route: impl Into<Cow<'static, str>>) {}

    /// Nothing.
    #[inline(always)]
    pub fn set_biz_status(&self, _code: i32, _message: impl Into<String>) {}

    /// Nothing.
    #[inline(always)]
    pub fn set_status(&self, _status: RpcStatus) {}

    /// Nothing.
    #[inline(always)]
    pub fn set_peer_address(&self, _address: impl Into<Cow<'static, str>>) {}

    /// Nothing.
    #[inline(always)]
    pub fn finish(self) {}

    /// Nothing.
    #[inline(always)]
    pub fn fail<E: Error + ?Sized>(self, _error: &E) {}

    /// Nothing.
    #[inline(always)]
    pub fn fail_with(self, _failure: Failure) {}
}

/// As in the real one, so that dropping it early is the same mistake.
impl Drop for RpcCall {
    #[inline(always)]
    fn drop(&mut self) {}
}

impl RpcInfo {
    /// `None`.
    #[must_use]
    #[inline(always)]
    pub fn current() -> Option<Self> {
        None
    }

    /// Never called: there is no call.
    pub fn record(&self, _event: impl Into<RpcEvent>) {
        match self.0 {}
    }

    /// Never called: there is no call.
    pub fn record_with(&self, _event: impl Into<RpcEvent>, _status: EventStatus, _text: &str) {
        match self.0 {}
    }

    /// Never called: there is no call.
    pub fn set_biz_status(&self, _code: i32, _message: impl Into<String>) {
        match self.0 {}
    }
}
