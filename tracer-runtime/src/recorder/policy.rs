//! Which traces are kept, as the hot path asks it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::clock;
use crate::id::TraceId;
use crate::record::CallOutcome;
use crate::sampling::{ALWAYS, Keep, SAW_ERROR, SAW_PANIC, SAW_SLOW, Sampler, saw};

const NEVER_SLOW: u64 = u64::MAX;

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

    /// Head sampling below a caller elsewhere, who may have decided about it.
    #[inline]
    pub(crate) fn samples_below(&self, trace: TraceId, decided: Option<bool>) -> bool {
        match decided {
            Some(sampled) => self.samples_remote(trace, sampled),
            None => self.samples(trace),
        }
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
        let slow = if self.is_slow(duration) { SAW_SLOW } else { 0 };
        saw(outcome) | slow
    }

    #[inline(always)]
    pub(crate) fn keeps(&self, seen: u8) -> bool {
        seen & self.keep_mask.load(Relaxed) != 0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        policy.set(Sampler::always_off(), Keep::nothing().or_cancelled());
        assert!(policy.keeps(policy.saw(CallOutcome::Cancelled, 1)));
        assert!(!policy.keeps(policy.saw(CallOutcome::Error, 1)));
    }
}
