//! What is known about a call: there is none.

use std::borrow::Cow;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::time::Duration;

use super::stats::RpcStats;
use crate::callsite::SpanKind;
use crate::context::Ids;
use crate::rpc::status::{BizStatus, RpcStatus};
use crate::rpc::stream::StreamingMode;

/// There is no call to know about: the feature `enable` is off.
#[derive(Debug, Clone)]
pub struct RpcInfo(pub(super) Infallible);

/// Nobody: the feature `enable` is off.
#[derive(Debug, Clone, Default)]
pub struct Endpoint(());

impl Endpoint {
    /// Keeps nothing.
    #[inline(always)]
    pub fn new(_service_name: impl Into<Cow<'static, str>>) -> Self {
        Self(())
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_namespace(self, _namespace: impl Into<Cow<'static, str>>) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_method(self, _method: impl Into<Cow<'static, str>>) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_address(self, _address: impl Into<Cow<'static, str>>) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_tag(
        self,
        _key: impl Into<Cow<'static, str>>,
        _value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self
    }

    /// Empty.
    #[must_use]
    #[inline(always)]
    pub fn service_name(&self) -> &str {
        ""
    }

    /// Empty.
    #[must_use]
    #[inline(always)]
    pub fn namespace(&self) -> &str {
        ""
    }

    /// Empty.
    #[must_use]
    #[inline(always)]
    pub fn method(&self) -> &str {
        ""
    }

    /// Empty.
    #[must_use]
    #[inline(always)]
    pub fn address(&self) -> &str {
        ""
    }

    /// `None`.
    #[must_use]
    #[inline(always)]
    pub fn tag(&self, _key: &str) -> Option<&str> {
        None
    }
}

/// Describes nothing: the feature `enable` is off.
#[derive(Debug, Clone)]
pub struct RpcPlan(());

impl RpcPlan {
    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn client(_system: impl Into<Cow<'static, str>>) -> Self {
        Self(())
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn server(_system: impl Into<Cow<'static, str>>) -> Self {
        Self(())
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_from(self, _from: Endpoint) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_to(self, _to: Endpoint) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_service(
        self,
        _package: impl Into<Cow<'static, str>>,
        _service: impl Into<Cow<'static, str>>,
    ) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_method(self, _method: impl Into<Cow<'static, str>>) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_streaming(self, _streaming: StreamingMode) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_seq_id(self, _seq_id: i32) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_attempt(self, _attempt: u32) -> Self {
        self
    }

    /// Nothing.
    #[must_use]
    #[inline(always)]
    pub fn attempt_at_current(self) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_rpc_timeout(self, _timeout: Duration) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_connect_timeout(self, _timeout: Duration) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_read_write_timeout(self, _timeout: Duration) -> Self {
        self
    }

    /// Keeps nothing.
    #[must_use]
    #[inline(always)]
    pub fn with_protocol(self, _protocol: impl Into<Cow<'static, str>>) -> Self {
        self
    }
}

/// There is no call to configure.
#[derive(Debug, Clone)]
pub struct RpcConfig(Infallible);

/// There is no call.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a>(Infallible, PhantomData<&'a ()>);

/// Methods of what there is none of.
macro_rules! never {
    ($(fn $method:ident($self:ty) -> $result:ty;)*) => {
        $(/// Never called: there is no call.
        #[must_use]
        pub fn $method(self: $self) -> $result {
            match self.0 {}
        })*
    };
}
pub(super) use never;

impl RpcConfig {
    never! {
        fn rpc_timeout(&Self) -> Option<Duration>;
        fn connect_timeout(&Self) -> Option<Duration>;
        fn read_write_timeout(&Self) -> Option<Duration>;
        fn protocol(&Self) -> &str;
    }
}

impl<'a> Invocation<'a> {
    never! {
        fn package(Self) -> &'a str;
        fn service(Self) -> &'a str;
        fn method(Self) -> &'a str;
        fn full_method(Self) -> String;
        fn streaming(Self) -> StreamingMode;
        fn seq_id(Self) -> i32;
        fn attempt(Self) -> u32;
        fn is_attempt(Self) -> bool;
        fn biz_status(Self) -> Option<&'a BizStatus>;
    }
}

impl RpcInfo {
    never! {
        fn kind(&Self) -> SpanKind;
        fn system(&Self) -> &str;
        fn from(&Self) -> &Endpoint;
        fn to(&Self) -> &Endpoint;
        fn invocation(&Self) -> Invocation<'_>;
        fn config(&Self) -> &RpcConfig;
        fn stats(&Self) -> &RpcStats;
        fn status(&Self) -> Option<RpcStatus>;
        fn route(&Self) -> Option<&str>;
        fn panic_stack(&Self) -> Option<String>;
        fn ids(&Self) -> Option<Ids>;
    }
}
