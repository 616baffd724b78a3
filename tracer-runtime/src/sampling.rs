//! What to ask for: head sampling at the start of a trace, and what is kept although it was passed over.

use std::time::Duration;

use crate::record::CallOutcome;

/// Seen in a fragment: a call ended with an error.
pub(crate) const SAW_ERROR: u8 = 1;
/// Seen in a fragment: a call unwound.
pub(crate) const SAW_PANIC: u8 = 2;
/// Seen in a fragment: a future was dropped before its end.
pub(crate) const SAW_CANCELLED: u8 = 4;
/// Seen in a fragment: a call took longer than the bound.
pub(crate) const SAW_SLOW: u8 = 8;

pub(crate) const ALWAYS: u64 = u64::MAX;

/// Head sampling: decided by the trace id when a trace begins, the same way in every service.
///
/// ```
/// use tracer_runtime::Sampler;
///
/// let one_percent = Sampler::ratio(0.01);
/// assert_ne!(one_percent, Sampler::always_on());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampler {
    /// A trace is sampled when 63 bits of its id are below.
    pub(crate) threshold: u64,
    pub(crate) follow_parent: bool,
}

impl Sampler {
    /// Samples every trace that does not continue an unsampled one.
    #[must_use]
    pub const fn always_on() -> Self {
        Self {
            threshold: ALWAYS,
            follow_parent: true,
        }
    }

    /// Samples no trace but those that continue a sampled one.
    #[must_use]
    pub const fn always_off() -> Self {
        Self {
            threshold: 0,
            follow_parent: true,
        }
    }

    /// Samples this share of new traces, 0 to 1, and follows the parent's decision otherwise.
    ///
    /// Bit for bit the `TraceIdRatioBased` sampler of the OpenTelemetry SDKs.
    #[must_use]
    pub fn ratio(share: f64) -> Self {
        let threshold = if share >= 1.0 {
            ALWAYS
        } else {
            (share.max(0.0) * (1_u64 << 63) as f64) as u64
        };
        Self {
            threshold,
            follow_parent: true,
        }
    }

    /// Decides for itself, whatever the parent's service decided.
    #[must_use]
    pub const fn ignoring_parent(mut self) -> Self {
        self.follow_parent = false;
        self
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self::always_on()
    }
}

/// What is kept although head sampling passed it over; decided when the local root ends.
///
/// ```
/// use std::time::Duration;
/// use tracer_runtime::Keep;
///
/// let keep = Keep::errors().or_slower_than(Duration::from_millis(250));
/// assert_ne!(keep, Keep::nothing());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub(crate) mask: u8,
    pub(crate) slower_than: Option<Duration>,
}

impl Keep {
    /// Every trace in which a call failed or panicked.
    #[must_use]
    pub const fn errors() -> Self {
        Self {
            mask: SAW_ERROR | SAW_PANIC,
            slower_than: None,
        }
    }

    /// Head sampling alone decides.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            mask: 0,
            slower_than: None,
        }
    }

    /// Also every trace in which a call was cancelled.
    #[must_use]
    pub const fn or_cancelled(mut self) -> Self {
        self.mask |= SAW_CANCELLED;
        self
    }

    /// Also every trace in which a call took longer than this.
    #[must_use]
    pub const fn or_slower_than(mut self, bound: Duration) -> Self {
        self.mask |= SAW_SLOW;
        self.slower_than = Some(bound);
        self
    }

    /// Whether a finished call is a reason to keep its trace.
    pub(crate) fn wants(&self, outcome: CallOutcome, duration: Duration) -> bool {
        let slow = self.slower_than.is_some_and(|bound| duration > bound);
        slow || saw(outcome) & self.mask != 0
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self::errors()
    }
}

/// What an outcome is seen as; by its number, since a `match` would be a jump on the hot path.
#[inline(always)]
pub(crate) const fn saw(outcome: CallOutcome) -> u8 {
    (1 << outcome as u8) >> 1
}

const _: () = {
    assert!(saw(CallOutcome::Ok) == 0);
    assert!(saw(CallOutcome::Error) == SAW_ERROR);
    assert!(saw(CallOutcome::Panic) == SAW_PANIC);
    assert!(saw(CallOutcome::Cancelled) == SAW_CANCELLED);
};
