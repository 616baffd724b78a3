//! The word of a callsite that each of its calls reads: its id, its signals, and whether a subscriber may want its spans.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Callsite, ID_BITS, MAX_ID, Signals};

/// A subscriber may want the spans of the callsite.
const WATCHED: u32 = 1 << 31;

/// What a call that begins now takes part in, as the callsite's word says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nobody has called it yet.
    New,
    /// A subscriber may want its span, whatever its signals are.
    Watched,
    Only(Signals),
}

static NEXT_ID: AtomicU32 = AtomicU32::new(1);

impl Callsite {
    /// The id while calls that begin take part in both signals and no subscriber wants their spans; beyond [`MAX_ID`]
    /// otherwise, 0 before the first.
    #[inline(always)]
    pub(crate) fn id_of_both(&self) -> u32 {
        self.state.load(Relaxed)
    }

    /// Whether a call that has just begun has a span.
    #[inline(always)]
    pub(crate) fn has_spans(&self) -> bool {
        self.state.load(Relaxed) & (Signals::MetricsOnly as u32) << ID_BITS == 0
    }

    /// Whether a subscriber may want the span of a call that begins now.
    #[inline(always)]
    pub(crate) fn is_watched(&self) -> bool {
        cfg!(feature = "tracing") && self.state.load(Relaxed) & WATCHED != 0
    }

    /// Whether any subscriber is ever asked.
    pub(crate) const fn concerns_subscribers(&self) -> bool {
        cfg!(feature = "tracing") && self.declared.has_spans() && !self.unsubscribed
    }

    /// What a call that begins now takes part in. The next call may take part in something else: who begins one asks
    /// once, and remembers.
    #[inline(always)]
    pub(crate) fn signals(&'static self) -> Signals {
        match self.known_signals() {
            Some(signals) => signals,
            None => crate::filter::admit(self),
        }
    }

    /// `None` before the first call.
    #[inline(always)]
    pub(crate) fn known_signals(&self) -> Option<Signals> {
        match self.state.load(Relaxed) {
            0 => None,
            state => Some(Signals::ALL[(state >> ID_BITS & 3) as usize]),
        }
    }

    /// The way that a call that begins now takes.
    #[inline(always)]
    pub(crate) fn way(&self) -> Way {
        let state = self.state.load(Relaxed);
        match state >> ID_BITS {
            0 if state == 0 => Way::New,
            0 => Way::Only(Signals::Both),
            1 => Way::Only(Signals::SpansOnly),
            2 => Way::Only(Signals::MetricsOnly),
            3 => Way::Only(Signals::Neither),
            _ => Way::Watched,
        }
    }

    /// The id; given now where there is none, and with it the filter's word. Under the re-entrancy flag only.
    #[inline]
    pub(crate) fn register(&'static self) -> u32 {
        match self.id() {
            0 => crate::filter::admit_within(self),
            id => id,
        }
    }

    /// The filter's word, for calls that begin from now on. The filter alone calls this, under its lock.
    pub(crate) fn set_signals(&self, signals: Signals) {
        let counted = self.declared.has_metrics() || signals.has_metrics();
        let state = self.state.load(Relaxed);
        let watched = match state {
            // The first call that takes note of it asks who wants it.
            0 => self.concerns_subscribers(),
            state => state & WATCHED != 0,
        };
        let id = match state & MAX_ID {
            0 | MAX_ID if counted => NEXT_ID.fetch_add(1, Relaxed),
            // Those that nobody counts would take the near places in the threads' tables from others.
            0 => MAX_ID,
            id => id,
        };
        self.put(id, signals, watched);
    }

    /// Whether a subscriber may want its spans, for calls that begin from now on. Under the filter's lock, and once the
    /// callsite has an id.
    pub(crate) fn set_watched(&self, watched: bool) {
        if let Some(signals) = self.known_signals() {
            self.put(self.id(), signals, watched);
        }
    }

    fn put(&self, id: u32, signals: Signals, watched: bool) {
        let watched = if watched { WATCHED } else { 0 };
        self.state
            .store(watched | (signals as u32) << ID_BITS | id, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callsite_gets_one_id_whoever_asks() {
        static SITE: Callsite = Callsite::new("a", "a", "m");
        let ids: Vec<u32> = std::thread::scope(|s| {
            let threads: Vec<_> = (0..4).map(|_| s.spawn(|| SITE.register())).collect();
            threads
                .into_iter()
                .map(|t| t.join().expect("register does not panic"))
                .collect()
        });
        assert!(ids.iter().all(|&id| id == SITE.id() && id != 0), "{ids:?}");
        assert!(SITE.location().file().ends_with("word.rs"));
    }
}
