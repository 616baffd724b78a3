//! The span of a synchronous call: none.

use std::marker::PhantomData;

use super::super::describe::Describe;
use super::start::Start;
use crate::callsite::{Callsite, SpanKind};
use crate::record::Failure;

/// Ends nothing.
#[derive(Debug)]
pub struct Guard(PhantomData<*const ()>);

/// Begins nothing.
#[inline(always)]
pub fn enter(_site: &'static Callsite) -> Guard {
    Guard(PhantomData)
}

/// Begins nothing.
#[inline(always)]
pub fn enter_at(_site: &'static Callsite, _at: Start) -> Guard {
    Guard(PhantomData)
}

impl Guard {
    /// The only one.
    #[inline(always)]
    pub const fn off() -> Self {
        Self(PhantomData)
    }

    /// Begins nothing.
    #[inline(always)]
    pub fn enter(&mut self, _site: &'static Callsite) {}

    /// Begins nothing.
    #[inline(always)]
    pub fn enter_alone(&mut self, _site: &'static Callsite) {}

    /// Another one.
    #[inline(always)]
    pub fn take(&mut self) -> Self {
        Self::off()
    }

    /// Nothing.
    #[inline(always)]
    pub fn finish(&mut self) {}

    #[inline(always)]
    pub(crate) fn finish_by<T, D: Describe<T>>(&mut self, _value: &T, _describe: D) {}

    /// Nothing.
    #[inline(always)]
    pub fn finish_with(&mut self, _failure: Option<Box<Failure>>) {}

    /// Nothing.
    #[inline(always)]
    pub fn alone(&mut self) {}

    /// False.
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        false
    }

    /// The default.
    #[inline(always)]
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        SpanKind::Internal
    }

    /// The future as it is.
    #[inline(always)]
    pub fn into_future<F, D>(self, future: F, _describe: D) -> F {
        future
    }
}
