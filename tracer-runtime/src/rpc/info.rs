//! What is known about one call.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Installed;
use super::metrics::Counted;
#[cfg(feature = "tower")]
use super::sites;
use super::stats::RpcStats;
pub(super) use super::status::{BizStatus, RpcStatus};
pub(super) use super::stream::StreamingMode;
use crate::callsite::{Callsite, SpanKind};
use crate::context::Ids;

/// Text that is mostly known when the program is built.
pub(crate) type Text = Cow<'static, str>;

/// One call: who calls whom, what, how, and what has become of it so far.
///
/// Cheap to clone, may go to another task, and stays valid after the call. What a call learns late (its status, the
/// route that matched, its events) appears in every clone.
#[derive(Clone)]
pub struct RpcInfo(pub(super) Arc<Shared>);

/// What the clones share.
pub(super) struct Shared {
    pub(super) installed: &'static Installed,
    /// By itself: one block of all of it is more than allocators keep at hand.
    pub(super) plan: Box<RpcPlan>,
    /// Attempts that were made so far, where they are told apart.
    pub(super) attempts: AtomicU32,
    /// Of the span that stands for the call.
    pub(super) ids: OnceLock<Ids>,
    pub(super) late: Late,
    pub(super) stats: RpcStats,
    pub(super) counted: Counted,
}

/// What becomes known while the call runs; each is said once.
#[derive(Debug, Default)]
pub(super) struct Late {
    pub(super) method: OnceLock<Text>,
    pub(super) route: OnceLock<Text>,
    pub(super) biz_status: OnceLock<BizStatus>,
    pub(super) status: OnceLock<RpcStatus>,
    pub(super) peer_address: OnceLock<Text>,
}

/// One side of a call. What is not known is empty.
#[derive(Debug, Clone, Default)]
pub struct Endpoint {
    pub(crate) service_name: Text,
    pub(crate) namespace: Text,
    pub(crate) method: Text,
    pub(crate) address: Text,
    pub(crate) tags: Vec<(Text, Text)>,
}

impl Endpoint {
    /// The name of a service.
    pub fn new(service_name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            service_name: service_name.into(),
            ..Self::default()
        }
    }

    /// The namespace that the name of the service is unique in.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<Cow<'static, str>>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// The method, called or calling.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<Cow<'static, str>>) -> Self {
        self.method = method.into();
        self
    }

    /// `host:port`, or what takes its place.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<Cow<'static, str>>) -> Self {
        self.address = address.into();
        self
    }

    /// Something else that is known about it; the last value of a key counts.
    #[must_use]
    pub fn with_tag(
        mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// Its service.
    #[must_use]
    pub fn service_name(&self) -> &str {
        &self.service_name
    }

    /// The namespace of its service.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The method, called or calling.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// `host:port`, or what takes its place.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The value of a tag; an empty one counts as none.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.tags.iter().rev();
        let (_, value) = tags.find(|(name, value)| name == key && !value.is_empty())?;
        Some(value)
    }
}

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
    pub(crate) attempt: u32,
    /// The call is one of several tries at another one, which is what counts.
    pub(crate) is_attempt: bool,
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
    connect_timeout: Option<Duration>,
    read_write_timeout: Option<Duration>,
    pub(crate) protocol: Text,
}

impl RpcConfig {
    /// For the whole call; `None` where nobody set one.
    #[must_use]
    pub const fn rpc_timeout(&self) -> Option<Duration> {
        self.rpc_timeout
    }

    /// For the connection.
    #[must_use]
    pub const fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// For each read or write.
    #[must_use]
    pub const fn read_write_timeout(&self) -> Option<Duration> {
        self.read_write_timeout
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
            attempt: 0,
            is_attempt: false,
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
        let Some(site) = sites::remembered(self.kind, name) else {
            return false;
        };
        let Some((package, service, method)) = parse_name(site.name()) else {
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
        self.attempt = attempt;
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
            self.set_attempt_at(&call);
        }
        self
    }

    /// The next try at the call of the `#[traced(client)]` function that this runs in, if it does.
    #[cfg(feature = "tower")]
    pub(crate) fn set_attempt_of_function(&mut self) {
        if let Some(call) = RpcInfo::current()
            && call.kind() == SpanKind::Client
            && call.0.plan.of_function
        {
            self.set_attempt_at(&call);
        }
    }

    /// The next try at this call.
    pub(crate) fn set_attempt_at(&mut self, call: &RpcInfo) {
        self.attempt = call.0.attempts.fetch_add(1, Relaxed);
        self.is_attempt = true;
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
        self.config.connect_timeout = Some(timeout);
        self
    }

    /// How long each read or write may take.
    #[must_use]
    pub fn with_read_write_timeout(mut self, timeout: Duration) -> Self {
        self.config.read_write_timeout = Some(timeout);
        self
    }

    /// The transport protocol, such as `http/2`.
    #[must_use]
    pub fn with_protocol(mut self, protocol: impl Into<Cow<'static, str>>) -> Self {
        self.config.protocol = protocol.into();
        self
    }
}

/// What is called, as the interface definition names it.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a>(&'a Shared);

impl<'a> Invocation<'a> {
    /// The package; may be empty.
    #[must_use]
    pub fn package(self) -> &'a str {
        &self.0.plan.package
    }

    /// The service.
    #[must_use]
    pub fn service(self) -> &'a str {
        &self.0.plan.service
    }

    /// The method; `_OTHER` where the service has no such method.
    #[must_use]
    pub fn method(self) -> &'a str {
        self.0.late.method.get().unwrap_or(&self.0.plan.method)
    }

    /// `package.Service/method`, `Service/method` or `method`, as far as known: `rpc.method`.
    #[must_use]
    pub fn full_method(self) -> String {
        self.full_name().into_owned()
    }

    /// [`Self::full_method`], without an allocation where the name is known.
    pub(super) fn full_name(self) -> Cow<'a, str> {
        match self.0.plan.site {
            Some(site) if self.0.late.method.get().is_none() => Cow::Borrowed(site.name()),
            _ => full_method(self.package(), self.service(), self.method()).into(),
        }
    }

    /// Which sides stream.
    #[must_use]
    pub fn streaming(self) -> StreamingMode {
        self.0.plan.streaming
    }

    /// The number by which the protocol tells calls of one connection apart; 0 where it has none.
    #[must_use]
    pub fn seq_id(self) -> i32 {
        self.0.plan.seq_id
    }

    /// How often this call was tried before: for a call of several attempts, before the last of them.
    #[must_use]
    pub fn attempt(self) -> u32 {
        let attempts = self.0.attempts.load(Relaxed);
        self.0.plan.attempt.max(attempts.saturating_sub(1))
    }

    /// Whether it is one of several tries at a call, which is told of as a whole.
    #[must_use]
    pub fn is_attempt(self) -> bool {
        self.0.plan.is_attempt
    }

    /// The failure that the application reports in a call that went well.
    #[must_use]
    pub fn biz_status(self) -> Option<&'a BizStatus> {
        self.0.late.biz_status.get()
    }
}

/// `rpc.method`, as far as known.
pub(super) fn full_method(package: &str, service: &str, method: &str) -> String {
    match (package, service) {
        _ if method == OTHER => OTHER.to_owned(),
        (_, "") => method.to_owned(),
        ("", service) => format!("{service}/{method}"),
        (package, service) => format!("{package}.{service}/{method}"),
    }
}

/// Package, service and method of `package.Service/Method`.
#[cfg(feature = "tower")]
pub(crate) fn parse_name(name: &str) -> Option<(&str, &str, &str)> {
    let (service, method) = name.rsplit_once('/')?;
    let (package, service) = service.rsplit_once('.').unwrap_or(("", service));
    (!service.is_empty() && !method.is_empty()).then_some((package, service, method))
}

/// What the conventions call a method that does not exist.
pub(crate) const OTHER: &str = "_OTHER";

impl RpcInfo {
    /// What one holds, but for its texts.
    pub(crate) const BYTES: usize =
        size_of::<Shared>() + 2 * size_of::<usize>() + size_of::<RpcPlan>();

    pub(super) fn new(plan: Box<RpcPlan>, installed: &'static Installed) -> Self {
        Self(Arc::new(Shared {
            installed,
            stats: RpcStats::new(installed.level),
            plan,
            attempts: AtomicU32::new(0),
            ids: OnceLock::new(),
            late: Late::default(),
            counted: Counted::default(),
        }))
    }

    /// [`SpanKind::Server`] or [`SpanKind::Client`].
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        self.0.plan.kind
    }

    /// `rpc.system.name`, such as `grpc`; `http` where there is no RPC system above it.
    #[must_use]
    pub fn system(&self) -> &str {
        &self.0.plan.system
    }

    /// Who calls.
    #[must_use]
    pub fn from(&self) -> &Endpoint {
        &self.0.plan.from
    }

    /// Who is called.
    #[must_use]
    pub fn to(&self) -> &Endpoint {
        &self.0.plan.to
    }

    /// What is called.
    #[must_use]
    pub fn invocation(&self) -> Invocation<'_> {
        Invocation(&self.0)
    }

    /// How it is called.
    #[must_use]
    pub fn config(&self) -> &RpcConfig {
        &self.0.plan.config
    }

    /// What has become of it so far.
    #[must_use]
    pub fn stats(&self) -> &RpcStats {
        &self.0.stats
    }

    /// The status that the protocol gave it, once known.
    #[must_use]
    pub fn status(&self) -> Option<RpcStatus> {
        self.0.late.status.get().copied()
    }

    /// The template of the path that matched, `/orders/{id}`, once known.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        let route = self.0.late.route.get().unwrap_or(&self.0.plan.route);
        (!route.is_empty()).then_some(route)
    }

    /// Of the span that stands for the call; `None` where it has none.
    #[must_use]
    pub fn ids(&self) -> Option<Ids> {
        self.0.ids.get().copied()
    }
}

impl fmt::Debug for RpcInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcInfo")
            .field("plan", &self.0.plan)
            .field("late", &self.0.late)
            .field("stats", &self.0.stats)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
