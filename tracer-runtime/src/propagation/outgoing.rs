//! What is written to a carrier.

use std::sync::Arc;

use crate::baggage::Baggage;
use crate::context::{Carried, RANDOM, Remote, SAMPLED};
use crate::id::{SpanId, TraceId};
use crate::recorder::local;

/// See the module.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// `None` where the decision is left to the next service.
    pub(super) sampled: Option<bool>,
    random: bool,
    carried: Option<Arc<Carried>>,
}

impl Outgoing {
    /// The running span, and what its trace takes along.
    #[inline]
    pub(super) fn current() -> Option<Self> {
        // Field by field, where it stays: a whole one is more than goes through registers.
        let mut current = Self {
            trace: TraceId::INVALID,
            span: SpanId::INVALID,
            sampled: None,
            random: false,
            carried: None,
        };
        let seen = local::with(|local| {
            current.trace = local.trace.get();
            current.span = local.span.get();
            local.inspect(|fragment| {
                current.sampled = Some(fragment.sampled);
                current.random = fragment.random;
                current.carried.clone_from(&fragment.carried);
            })
        });
        seen.flatten().map(|()| current)
    }

    /// As it came.
    pub(super) fn forwarded(remote: &Remote) -> Self {
        Self {
            trace: remote.trace_id,
            span: remote.span_id,
            sampled: remote.is_sampled(),
            random: remote.flags & RANDOM != 0,
            carried: remote.carried.clone(),
        }
    }

    /// Whether there is a span that the next service can hang its own below.
    pub(super) const fn is_valid(&self) -> bool {
        self.trace.is_valid() && self.span.is_valid()
    }

    /// Whether nothing goes along with the ids.
    #[cfg(feature = "tower")]
    pub(super) const fn is_alone(&self) -> bool {
        self.carried.is_none()
    }

    pub(super) const fn flags(&self) -> u8 {
        let sampled = match self.sampled {
            Some(true) => SAMPLED,
            Some(false) | None => 0,
        };
        sampled | if self.random { RANDOM } else { 0 }
    }

    /// Sampled, whatever anybody else says.
    pub(super) fn is_debug(&self) -> bool {
        self.sampled == Some(true) && self.carried.as_ref().is_some_and(|carried| carried.debug)
    }

    pub(super) fn tracestate(&self) -> Option<&str> {
        self.carried.as_ref()?.tracestate.as_deref()
    }

    pub(super) fn baggage(&self) -> Option<&Baggage> {
        self.carried.as_ref().map(|carried| &carried.baggage)
    }
}
