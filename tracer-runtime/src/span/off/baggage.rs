//! The current baggage: there is none.

use std::marker::PhantomData;

use crate::baggage::Baggage;

/// Holds nothing. Stays on its thread.
#[derive(Debug)]
#[must_use = "the baggage is detached when the guard is dropped; bind it to a name, not to `_`"]
pub struct BaggageGuard(PhantomData<*const ()>);

/// The future as it is.
pub type InBaggage<F> = F;

impl Baggage {
    /// None: the feature `enable` is off.
    #[inline]
    #[must_use]
    pub fn current() -> Self {
        Self::new()
    }

    /// Does nothing.
    #[inline]
    pub fn attach(&self) -> BaggageGuard {
        BaggageGuard(PhantomData)
    }
}
