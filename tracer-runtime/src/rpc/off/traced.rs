//! The call that an annotated function stands for: none.

use super::identity::Identity;
use crate::callsite::{Callsite, SpanKind};
use crate::record::Failure;
use crate::rpc::status::RpcStatus;
use crate::span::future::Traced;
use crate::span::guard::{Guard, enter_at};
use crate::span::start::Start;

/// The future as it is.
pub type TracedCall<F, D> = Traced<F, D>;

/// The future as it is.
#[inline(always)]
pub fn traced_call<F, D>(
    _site: &'static Callsite,
    _at: Start,
    _identity: Identity,
    future: F,
    _describe: D,
) -> F {
    future
}

/// Ends nothing.
#[derive(Debug)]
pub struct CallGuard(Guard);

/// Begins nothing.
#[inline(always)]
pub fn enter_call(site: &'static Callsite, at: Start, _identity: Identity) -> CallGuard {
    CallGuard(enter_at(site, at))
}

impl CallGuard {
    /// Nothing.
    #[inline(always)]
    pub fn finish(&mut self) {}

    /// Nothing.
    #[inline(always)]
    pub(crate) fn finish_with(&mut self, _: Option<RpcStatus>, _: Option<Box<Failure>>) {}

    /// Nothing.
    #[inline(always)]
    pub fn alone(&mut self) {}

    /// Another one.
    #[inline(always)]
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self(self.0.take())
    }

    /// The future as it is.
    #[inline(always)]
    pub fn into_future<F, D>(self, future: F, _describe: D) -> F {
        future
    }

    /// False.
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_on()
    }

    /// The default.
    #[inline(always)]
    pub(crate) fn kind(&self) -> SpanKind {
        self.0.kind()
    }
}
