//! Which traces are kept: head sampling at the start, and what was seen by the end.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock;
use crate::id::TraceId;
use crate::record::CallOutcome;

/// Seen in a fragment: a call ended with an error.
pub(crate) const SAW_ERROR: u8 = 1;
/// Seen in a fragment: a call unwound.
pub(crate) const SAW_PANIC: u8 = 2;
/// Seen in a fragment: a call took longer than the bound.
pub(crate) const SAW_SLOW: u8 = 4;

const ALWAYS: u64 = u64::MAX;
const NEVER_SLOW: u64 = u64::MAX;

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
    threshold: u64,
    follow_parent: bool,
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
    mask: u8,
    slower_than: Option<Duration>,
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

    /// Also every trace in which a call took longer than this.
    #[must_use]
    pub const fn or_slower_than(mut self, bound: Duration) -> Self {
        self.mask |= SAW_SLOW;
        self.slower_than = Some(bound);
        self
    }
}

impl Default for Keep {
    fn default() -> Self {
        Self::errors()
    }
}

/// [`Sampler`] and [`Keep`] as the hot path reads them.
#[derive(Debug)]
pub(crate) struct Policy {
    threshold: AtomicU64,
    follow_parent: AtomicBool,
    keep_mask: AtomicU8,
    slow_ticks: AtomicU64,
}

impl Policy {
    pub(crate) const fn new() -> Self {
        Self {
            threshold: AtomicU64::new(ALWAYS),
            follow_parent: AtomicBool::new(true),
            keep_mask: AtomicU8::new(SAW_ERROR | SAW_PANIC),
            slow_ticks: AtomicU64::new(NEVER_SLOW),
        }
    }

    pub(crate) fn set(&self, sampler: Sampler, keep: Keep) {
        let slow = keep
            .slower_than
            .map_or(NEVER_SLOW, |bound| clock::scale().ticks(bound));
        self.threshold.store(sampler.threshold, Relaxed);
        self.follow_parent.store(sampler.follow_parent, Relaxed);
        self.keep_mask.store(keep.mask, Relaxed);
        self.slow_ticks.store(slow, Relaxed);
    }

    /// Head sampling of a trace that begins here.
    #[inline(always)]
    pub(crate) fn samples(&self, trace: TraceId) -> bool {
        let threshold = self.threshold.load(Relaxed);
        threshold == ALWAYS || (trace.0[1] >> 1) < threshold
    }

    /// Head sampling of a trace that another service began.
    pub(crate) fn samples_remote(&self, trace: TraceId, parent_sampled: bool) -> bool {
        if self.follow_parent.load(Relaxed) {
            parent_sampled
        } else {
            self.samples(trace)
        }
    }

    /// Whether a call that is ok is worth a look all the same.
    #[inline(always)]
    pub(crate) fn is_slow(&self, duration: u64) -> bool {
        duration > self.slow_ticks.load(Relaxed)
    }

    /// What a finished call adds to what its fragment has seen.
    #[inline(always)]
    pub(crate) fn saw(&self, outcome: CallOutcome, duration: u64) -> u8 {
        let failed = match outcome {
            CallOutcome::Error => SAW_ERROR,
            CallOutcome::Panic => SAW_PANIC,
            CallOutcome::Ok | CallOutcome::Cancelled => 0,
        };
        let slow = if self.is_slow(duration) { SAW_SLOW } else { 0 };
        failed | slow
    }

    #[inline(always)]
    pub(crate) fn keeps(&self, seen: u8) -> bool {
        seen & self.keep_mask.load(Relaxed) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_that_of_the_sdks_at_its_edges() {
        let policy = Policy::new();
        policy.set(Sampler::ratio(0.25), Keep::nothing());
        let at = |low: u64| policy.samples(TraceId([1, low]));
        assert!(at((1 << 62) - 1));
        assert!(!at(1 << 62));
        policy.set(Sampler::ratio(0.0), Keep::nothing());
        assert!(!at(0));
        policy.set(Sampler::ratio(1.0), Keep::nothing());
        assert!(at(u64::MAX));
    }

    #[test]
    fn the_parent_decides_unless_ignored() {
        let policy = Policy::new();
        policy.set(Sampler::always_off(), Keep::errors());
        assert!(policy.samples_remote(TraceId([1, 1]), true));
        policy.set(Sampler::always_off().ignoring_parent(), Keep::errors());
        assert!(!policy.samples_remote(TraceId([1, 1]), true));
    }

    #[test]
    fn errors_panics_and_slow_calls_are_kept_as_asked() {
        let policy = Policy::new();
        policy.set(Sampler::always_off(), Keep::errors());
        assert!(
            policy.keeps(policy.saw(CallOutcome::Error, 1))
                && policy.keeps(policy.saw(CallOutcome::Panic, 1))
        );
        assert!(!policy.keeps(policy.saw(CallOutcome::Cancelled, u64::MAX - 1)));
        policy.set(
            Sampler::always_off(),
            Keep::nothing().or_slower_than(Duration::ZERO),
        );
        assert!(policy.keeps(policy.saw(CallOutcome::Ok, 1)));
        assert!(!policy.keeps(policy.saw(CallOutcome::Ok, 0)));
    }
}
