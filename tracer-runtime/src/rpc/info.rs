//! What is known about one call.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::Installed;
use super::described::{Attempt, Described};
use super::endpoint::Endpoint;
use super::late::{Late, LateIds};
use super::metrics::Counted;
use super::plan::RpcConfig;
use super::stats::RpcStats;
pub(super) use super::status::{BizStatus, RpcStatus};
pub(super) use super::stream::StreamingMode;
use crate::callsite::SpanKind;
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
    pub(super) plan: Described,
    pub(super) config: RpcConfig,
    pub(super) attempt: Attempt,
    /// Attempts that were made so far, where they are told apart.
    pub(super) attempts: AtomicU32,
    /// Of the span that stands for the call.
    pub(super) ids: LateIds,
    pub(super) late: Late,
    pub(super) stats: RpcStats,
    pub(super) counted: Counted,
}

impl Shared {
    #[inline]
    pub(super) fn new(
        plan: Described,
        config: RpcConfig,
        attempt: Attempt,
        installed: &'static Installed,
    ) -> Self {
        Self {
            installed,
            stats: RpcStats::new(installed.level),
            plan,
            config,
            attempt,
            attempts: AtomicU32::new(0),
            ids: LateIds::default(),
            late: Late::default(),
            counted: Counted::default(),
        }
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
        self.0.late.method().unwrap_or(&self.0.plan.method)
    }

    /// `package.Service/method`, `Service/method` or `method`, as far as known: `rpc.method`.
    #[must_use]
    pub fn full_method(self) -> String {
        self.full_name().into_owned()
    }

    /// [`Self::full_method`], without an allocation where the name is known.
    pub(super) fn full_name(self) -> Cow<'a, str> {
        match self.0.plan.site {
            Some(site) if self.0.late.method().is_none() => Cow::Borrowed(site.name()),
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
        self.0.attempt.number.max(attempts.saturating_sub(1))
    }

    /// Whether it is one of several tries at a call, which is told of as a whole.
    #[must_use]
    pub fn is_attempt(self) -> bool {
        self.0.attempt.of_another
    }

    /// The failure that the application reports in a call that went well.
    #[must_use]
    pub fn biz_status(self) -> Option<&'a BizStatus> {
        self.0.late.biz_status()
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
        size_of::<Shared>() + 2 * size_of::<usize>() + RpcStats::MORE_BYTES;

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
        &self.0.config
    }

    /// What has become of it so far.
    #[must_use]
    pub fn stats(&self) -> &RpcStats {
        &self.0.stats
    }

    /// The status that the protocol gave it, once known.
    #[must_use]
    pub fn status(&self) -> Option<RpcStatus> {
        self.0.late.status()
    }

    /// Where the call panicked, where it ended by that: the place, and the functions that led there, up to 8 KiB. Nothing
    /// without [`Builder::with_panic_stacks`](crate::Builder::with_panic_stacks).
    #[must_use]
    pub fn panic_stack(&self) -> Option<String> {
        match self.stats().panicked() {
            true => self.0.late.panic_stack(),
            false => None,
        }
    }

    /// The template of the path that matched, `/orders/{id}`, once known.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        let route = self.0.late.route().unwrap_or(&self.0.plan.route);
        (!route.is_empty()).then_some(route)
    }

    /// Of the span that stands for the call; `None` where it has none.
    #[must_use]
    pub fn ids(&self) -> Option<Ids> {
        self.0.ids.get()
    }
}

impl fmt::Debug for RpcInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcInfo")
            .field("plan", &*self.0.plan)
            .field("config", &self.0.config)
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
