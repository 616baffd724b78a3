//! The current context: there is none.

use std::marker::PhantomData;

use crate::baggage::Baggage;
use crate::context::{Ids, Link};
use crate::id::{SpanId, TraceId};

/// Names no span: the feature `enable` is off.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context(());

/// Holds nothing. Stays on its thread.
#[derive(Debug)]
#[must_use = "the context is detached when the guard is dropped; bind it to a name, not to `_`"]
pub struct ContextGuard(PhantomData<*const ()>);

/// Nothing.
#[inline]
#[must_use]
pub fn current_ids() -> Option<Ids> {
    None
}

impl Context {
    /// The invalid one.
    #[inline]
    #[must_use]
    pub fn current() -> Self {
        Self(())
    }

    /// The invalid id.
    #[inline]
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        TraceId::INVALID
    }

    /// The invalid id.
    #[inline]
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        SpanId::INVALID
    }

    /// False.
    #[inline]
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        false
    }

    /// False.
    #[inline]
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        false
    }

    /// None.
    #[inline]
    #[must_use]
    pub fn baggage(&self) -> Baggage {
        Baggage::new()
    }

    /// Does nothing.
    #[inline]
    pub fn attach(&self) -> ContextGuard {
        ContextGuard(PhantomData)
    }
}

impl From<Context> for Link {
    fn from(_: Context) -> Self {
        Self::new(TraceId::INVALID, SpanId::INVALID, false)
    }
}

impl From<&Context> for Link {
    fn from(context: &Context) -> Self {
        (*context).into()
    }
}
