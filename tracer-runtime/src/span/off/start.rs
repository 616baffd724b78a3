//! Where a span hangs: nowhere.

use crate::context::{Link, Remote};
use crate::span::context::Context;

/// Nowhere.
#[derive(Debug)]
pub struct Start(());

/// What `parent = EXPR` may be.
#[derive(Debug)]
pub struct Parent(());

impl From<Context> for Parent {
    #[inline(always)]
    fn from(_: Context) -> Self {
        Self(())
    }
}

impl From<&Context> for Parent {
    #[inline(always)]
    fn from(_: &Context) -> Self {
        Self(())
    }
}

impl From<Option<Context>> for Parent {
    #[inline(always)]
    fn from(_: Option<Context>) -> Self {
        Self(())
    }
}

impl Start {
    /// Nowhere.
    #[inline(always)]
    #[must_use]
    pub const fn current() -> Self {
        Self(())
    }

    /// Nowhere.
    #[inline(always)]
    #[must_use]
    pub const fn root() -> Self {
        Self(())
    }

    /// Nowhere.
    #[inline(always)]
    #[must_use]
    pub fn parent(_parent: impl Into<Parent>) -> Self {
        Self(())
    }

    /// Nowhere.
    #[inline(always)]
    #[must_use]
    pub fn remote(_remote: Option<Remote>) -> Self {
        Self(())
    }

    /// Refers to nothing.
    #[inline(always)]
    #[must_use]
    pub fn with_links(self, _links: impl IntoIterator<Item: Into<Link>>) -> Self {
        self
    }
}
