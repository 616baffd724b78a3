//! What is known of a call before it starts.

use std::borrow::Cow;
use std::time::Duration;

use super::described::Attempt;
use super::endpoint::{DEPLOYMENT_ENVIRONMENT, Endpoint};
use super::info::{RpcInfo, Text, full_method};
use super::sites;
use super::stream::StreamingMode;
use crate::callsite::{Callsite, SpanKind};
use crate::context::Remote;

/// Describes a call before it starts.
///
/// ```
/// use tracer_runtime::rpc::{Endpoint, RpcPlan};
///
/// let plan = RpcPlan::client("thrift")
///     .with_to(Endpoint::new("stock").with_address("10.0.0.7:8888"))
///     .with_service("shop", "Stock")
///     .with_method("reserve");
/// # let _ = plan;
/// ```
#[derive(Debug, Clone)]
pub struct RpcPlan {
    pub(crate) kind: SpanKind,
    pub(crate) system: Text,
    pub(crate) from: Endpoint,
    pub(crate) to: Endpoint,
    pub(crate) package: Text,
    pub(crate) service: Text,
    pub(crate) method: Text,
    /// Its name is that of the method as long as it is known.
    pub(super) site: Option<&'static Callsite>,
    pub(crate) streaming: StreamingMode,
    pub(crate) seq_id: i32,
    pub(super) attempt: Attempt,
    /// A function stands for the call, and what it calls is part of it.
    pub(crate) of_function: bool,
    pub(crate) config: RpcConfig,
    /// The template of the path that matched; empty where unknown.
    pub(crate) route: Text,
    pub(crate) http: Option<Box<HttpRequest>>,
}

/// What HTTP says beyond other protocols.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpRequest {
    /// `_OTHER` where it is none of the known ones.
    pub(crate) method: Text,
    /// As it arrived, where that is another one.
    pub(crate) method_original: Option<Text>,
    pub(crate) scheme: Text,
    pub(crate) path: Text,
    pub(crate) query: Option<Text>,
    pub(crate) version: Text,
    pub(crate) user_agent: Option<Text>,
}

/// How the call is to be made.
#[derive(Debug, Clone, Default)]
pub struct RpcConfig {
    pub(crate) rpc_timeout: Option<Duration>,
    pub(crate) protocol: Text,
    seldom: Option<Box<Timeouts>>,
}

/// What is said of few calls.
#[derive(Debug, Clone, Default)]
struct Timeouts {
    connect: Option<Duration>,
    read_write: Option<Duration>,
}

impl RpcConfig {
    /// Whether it holds nothing that would have to be freed.
    #[inline]
    pub(super) fn is_flat(&self) -> bool {
        self.seldom.is_none() && matches!(self.protocol, Cow::Borrowed(_))
    }

    /// The same, of a plan that stays.
    #[cfg(feature = "tower")]
    #[inline]
    pub(super) fn shared(&'static self) -> Self {
        Self {
            rpc_timeout: self.rpc_timeout,
            protocol: Cow::Borrowed(&self.protocol),
            seldom: self.seldom.clone(),
        }
    }

    /// For the whole call; `None` where nobody set one.
    #[must_use]
    pub const fn rpc_timeout(&self) -> Option<Duration> {
        self.rpc_timeout
    }

    /// For the connection.
    #[must_use]
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.seldom.as_ref()?.connect
    }

    /// For each read or write.
    #[must_use]
    pub fn read_write_timeout(&self) -> Option<Duration> {
        self.seldom.as_ref()?.read_write
    }

    /// The transport protocol, such as `http/2`; empty where unknown.
    #[must_use]
    pub fn protocol(&self) -> &str {
        &self.protocol
    }
}

impl RpcPlan {
    fn new(kind: SpanKind, system: Text) -> Self {
        Self {
            kind,
            system,
            from: Endpoint::default(),
            to: Endpoint::default(),
            package: Text::Borrowed(""),
            service: Text::Borrowed(""),
            method: Text::Borrowed(""),
            site: None,
            streaming: StreamingMode::Unary,
            seq_id: 0,
            attempt: Attempt::default(),
            of_function: false,
            config: RpcConfig::default(),
            route: Text::Borrowed(""),
            http: None,
        }
    }

    /// A call that this process makes. `system` is `rpc.system.name`, such as `grpc`.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/rpc/>
    #[must_use]
    pub fn client(system: impl Into<Cow<'static, str>>) -> Self {
        Self::new(SpanKind::Client, system.into())
    }

    /// A call that this process serves.
    #[must_use]
    pub fn server(system: impl Into<Cow<'static, str>>) -> Self {
        Self::new(SpanKind::Server, system.into())
    }

    /// Who calls.
    #[must_use]
    pub fn with_from(mut self, from: Endpoint) -> Self {
        self.from = from;
        self
    }

    /// Who is called.
    #[must_use]
    pub fn with_to(mut self, to: Endpoint) -> Self {
        self.to = to;
        self
    }

    /// The service as its interface definition names it; the package may be empty.
    #[must_use]
    pub fn with_service(
        mut self,
        package: impl Into<Cow<'static, str>>,
        service: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.set_service(package.into(), service.into());
        self
    }

    /// The method as its interface definition names it.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<Cow<'static, str>>) -> Self {
        self.set_method_alone(method.into());
        self
    }

    pub(super) fn set_service(&mut self, package: Text, service: Text) {
        (self.package, self.service) = (package, service);
        self.site = None;
    }

    pub(super) fn set_method_alone(&mut self, method: Text) {
        self.method = method;
        self.site = None;
    }

    pub(crate) fn set_method(&mut self, package: Text, service: Text, method: Text) {
        self.set_service(package, service);
        self.set_method_alone(method);
    }

    /// The method of this full name, where calls have had it before: then nothing is allocated for it.
    #[cfg(feature = "tower")]
    pub(crate) fn set_known(&mut self, name: &str) -> bool {
        let Some((site, (package, service, method))) = sites::known_parts(self.kind, name) else {
            return false;
        };
        self.set_method(package.into(), service.into(), method.into());
        self.site = Some(site);
        true
    }

    /// Which sides stream.
    #[must_use]
    pub fn with_streaming(mut self, streaming: StreamingMode) -> Self {
        self.streaming = streaming;
        self
    }

    /// The number by which the protocol tells calls of one connection apart.
    #[must_use]
    pub fn with_seq_id(mut self, seq_id: i32) -> Self {
        self.seq_id = seq_id;
        self
    }

    /// How often this call was tried before: 0 for the first attempt.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt.number = attempt;
        self
    }

    /// The next try at this call. It has a span of its own and writes its own context, but the call as a whole is what
    /// metrics count and tracers hear of.
    ///
    /// ```
    /// use tracer_runtime::rpc::{RpcCall, RpcPlan};
    ///
    /// let plan = RpcPlan::client("thrift").with_service("shop", "Stock").with_method("reserve");
    /// let mut call = RpcCall::start(plan.clone());
    /// for _ in 0..3 {
    ///     let plan = plan.clone();
    ///     let attempt = call.within(|| RpcCall::start(plan.attempt_at_current()));
    ///     attempt.fail(&std::fmt::Error);
    /// }
    /// if let Some(info) = call.info() {
    ///     assert_eq!(info.invocation().attempt(), 2);
    /// }
    /// call.finish();
    /// ```
    #[must_use]
    pub fn attempt_at_current(mut self) -> Self {
        if let Some(call) = RpcInfo::current() {
            self.attempt = Attempt::at(&call);
        }
        self
    }

    /// How long the call may take.
    #[must_use]
    pub fn with_rpc_timeout(mut self, timeout: Duration) -> Self {
        self.config.rpc_timeout = Some(timeout);
        self
    }

    /// How long connecting may take.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        let seldom = self.config.seldom.get_or_insert_default();
        seldom.connect = Some(timeout);
        self
    }

    /// How long each read or write may take.
    #[must_use]
    pub fn with_read_write_timeout(mut self, timeout: Duration) -> Self {
        let seldom = self.config.seldom.get_or_insert_default();
        seldom.read_write = Some(timeout);
        self
    }

    /// The transport protocol, such as `http/2`.
    #[must_use]
    pub fn with_protocol(mut self, protocol: impl Into<Cow<'static, str>>) -> Self {
        self.config.protocol = protocol.into();
        self
    }
}

impl RpcPlan {
    /// Whether the carrier names a caller whom nobody has named, or says more about the caller.
    pub(super) fn lacks_caller(&self, remote: &Remote) -> bool {
        let name = remote.peer_service().unwrap_or_default();
        let is_named = name.is_empty() || !self.from.service_name().is_empty();
        !is_named || remote.peer_namespace().is_some() || remote.peer_environment().is_some()
    }

    /// By the service that the carrier names, where nobody has said which.
    pub(super) fn set_caller(&mut self, remote: Option<&Remote>) {
        let Some(remote) = remote else { return };
        let (from, name) = (&mut self.from, remote.peer_service().unwrap_or_default());
        if from.service_name.is_empty() && !name.is_empty() {
            from.service_name = name.to_owned().into();
        }
        // It is the namespace of this name and of no other.
        if from.namespace().is_empty()
            && from.service_name == name
            && let Some(namespace) = remote.peer_namespace()
        {
            from.set_namespace(namespace.to_owned().into());
        }
        if from.tag(DEPLOYMENT_ENVIRONMENT).is_none()
            && from.service_name == name
            && let Some(environment) = remote.peer_environment()
        {
            from.set_tag(DEPLOYMENT_ENVIRONMENT.into(), environment.to_owned().into());
        }
    }

    /// With what is known anyway.
    pub(super) fn complete(&mut self, service_name: &'static str) {
        let own = match self.kind {
            SpanKind::Client => &mut self.from,
            _ => &mut self.to,
        };
        if own.service_name.is_empty() && !service_name.is_empty() {
            own.service_name = Cow::Borrowed(service_name);
        }
        if self.to.method.is_empty() {
            self.to.method = self.method.clone();
        }
    }

    /// By what name its span is known while it runs. What a gRPC client has asked for, or an HTTP client, may not exist:
    /// then it is no name before it has served once.
    pub(super) fn find_site(&self) -> &'static Callsite {
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
