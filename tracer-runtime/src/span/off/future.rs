//! The future of a call: the call's own.

use super::start::Start;
use crate::callsite::Callsite;
use crate::span::describe::AlwaysOk;

/// The future as it is.
pub type Traced<F, D = AlwaysOk> = <F as Itself<D>>::Future;

/// Any type stands for itself.
pub trait Itself<D> {
    /// It.
    type Future;
}

impl<F, D> Itself<D> for F {
    type Future = F;
}

/// The future as it is.
#[inline(always)]
pub fn traced<F>(_site: &'static Callsite, future: F) -> F {
    future
}

/// The future as it is.
#[inline(always)]
pub fn traced_with<F, D>(_site: &'static Callsite, future: F, _describe: D) -> F {
    future
}

/// The future as it is.
#[inline(always)]
pub fn traced_at<F, D>(_site: &'static Callsite, _at: Start, future: F, _describe: D) -> F {
    future
}
