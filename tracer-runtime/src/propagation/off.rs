//! Propagation without the feature `enable`: nothing is read and nothing is written.

use super::{Extract, Inject, Propagator};
use crate::context::Remote;

/// No formats: the feature `enable` is off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Propagators(());

impl Propagators {
    /// None of them.
    #[inline]
    pub fn new(_propagators: impl IntoIterator<Item = Propagator>) -> Self {
        Self(())
    }

    /// None.
    #[inline]
    #[must_use]
    pub const fn current() -> &'static Self {
        &Self(())
    }

    /// Nothing.
    #[inline]
    pub fn extract<C: Extract + ?Sized>(&self, _carrier: &C) -> Option<Remote> {
        None
    }

    /// Nothing.
    #[inline]
    pub fn inject<C: Inject + ?Sized>(&self, _carrier: &mut C) {}

    /// Nothing.
    #[inline]
    pub fn forward<C: Inject + ?Sized>(&self, _remote: &Remote, _carrier: &mut C) {}
}

/// Nothing: the feature `enable` is off.
#[inline]
pub fn extract<C: Extract + ?Sized>(_carrier: &C) -> Option<Remote> {
    None
}

/// Nothing: the feature `enable` is off.
#[inline]
pub fn inject<C: Inject + ?Sized>(_carrier: &mut C) {}
