//! Where the description of a call is: its own, or one that it shares with the calls like it.

use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;

use super::info::RpcInfo;
#[cfg(feature = "tower")]
use super::known::Known;
#[cfg(feature = "metrics")]
use super::metrics::OfKnown;
use super::plan::RpcPlan;
#[cfg(feature = "tower")]
use crate::callsite::SpanKind;

/// See the module.
#[derive(Debug)]
pub(super) enum Described {
    Own(Box<RpcPlan>),
    #[cfg(feature = "tower")]
    Known(&'static Known),
}

impl Described {
    /// One of its own from now on.
    pub(super) fn own(&mut self) -> Option<&mut RpcPlan> {
        #[cfg(feature = "tower")]
        if let Self::Known(known) = self {
            *self = Self::Own(Box::new(known.plan.clone()));
        }
        match self {
            Self::Own(plan) => Some(plan),
            #[cfg(feature = "tower")]
            Self::Known(_) => None,
        }
    }
}

impl Described {
    /// The description that it shares with others, with what counts them.
    #[cfg(feature = "metrics")]
    #[inline]
    pub(super) fn series(&self) -> Option<&'static OfKnown> {
        match self {
            Self::Own(_) => None,
            #[cfg(feature = "tower")]
            Self::Known(known) => Some(&known.series),
        }
    }
}

impl Described {
    /// Whether it is not its own.
    #[inline]
    pub(super) fn is_shared(&self) -> bool {
        !matches!(self, Self::Own(_))
    }
}

impl Deref for Described {
    type Target = RpcPlan;

    #[inline]
    fn deref(&self) -> &RpcPlan {
        match self {
            Self::Own(plan) => plan,
            #[cfg(feature = "tower")]
            Self::Known(known) => &known.plan,
        }
    }
}

/// Which try at a call it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attempt {
    pub(super) number: u32,
    /// The call is one of several tries at another one, which is what counts.
    pub(super) of_another: bool,
}

impl Attempt {
    /// The next try at this call.
    pub(super) fn at(call: &RpcInfo) -> Self {
        Self {
            number: call.0.attempts.fetch_add(1, Relaxed),
            of_another: true,
        }
    }

    /// The next try at the call of the `#[traced(client)]` function that this runs in, if it does.
    #[cfg(feature = "tower")]
    pub(super) fn at_function() -> Option<Self> {
        let call = RpcInfo::current()?;
        let is_it = call.kind() == SpanKind::Client && call.0.plan.of_function;
        is_it.then(|| Self::at(&call))
    }
}
