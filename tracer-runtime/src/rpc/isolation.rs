//! Users' callbacks, run so that their panics harm nobody, and the account of them.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::clock;

/// Between two lines about one tracer.
const QUIET: Duration = Duration::from_secs(60);

/// Which callback runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callback {
    Start,
    Finish,
    StreamEvent,
}

impl Callback {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Finish => "finish",
            Self::StreamEvent => "stream_event",
        }
    }
}

/// Upper bounds of the histogram of durations, in nanoseconds.
pub(crate) const BOUNDS_NS: [u64; 8] = [
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
];

/// What became of the callbacks of one tracer.
#[derive(Debug)]
pub(crate) struct Report {
    /// The type of the tracer.
    pub(crate) tracer: &'static str,
    panics: AtomicU64,
    /// By the bounds, and beyond.
    durations: [AtomicU64; BOUNDS_NS.len() + 1],
    duration_ticks: AtomicU64,
    /// In ticks; 0 for never.
    said_at: AtomicU64,
}

impl Report {
    pub(super) const fn new(tracer: &'static str) -> Self {
        Self {
            tracer,
            panics: AtomicU64::new(0),
            durations: [const { AtomicU64::new(0) }; BOUNDS_NS.len() + 1],
            duration_ticks: AtomicU64::new(0),
            said_at: AtomicU64::new(0),
        }
    }

    /// Callbacks that have panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Relaxed)
    }

    /// How many callbacks took how long, by [`BOUNDS_NS`] and beyond.
    pub(crate) fn durations(&self) -> [u64; BOUNDS_NS.len() + 1] {
        self.durations.each_ref().map(|count| count.load(Relaxed))
    }

    /// Of all callbacks together, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.duration_ticks.load(Relaxed) as f64 * clock::scale().ns_per_tick * 1e-9
    }

    /// Runs a callback; `None` where it has panicked.
    pub(super) fn isolated<R>(&self, callback: Callback, call: impl FnOnce() -> R) -> Option<R> {
        let start = clock::now();
        // What a tracer leaves half done is its own; the call is behind shared references.
        let done = catch_unwind(AssertUnwindSafe(call));
        self.took(clock::now().saturating_sub(start));
        done.map_err(|payload| self.panicked(callback, payload))
            .ok()
    }

    fn took(&self, ticks: u64) {
        let ns = clock::scale().duration_ns(ticks);
        let bucket = BOUNDS_NS.partition_point(|&bound| bound < ns);
        self.durations[bucket].fetch_add(1, Relaxed);
        self.duration_ticks.fetch_add(ticks, Relaxed);
    }

    #[cold]
    fn panicked(&self, callback: Callback, payload: Box<dyn std::any::Any + Send>) {
        self.panics.fetch_add(1, Relaxed);
        // Its destructor may panic as well, and that of what it then panics with.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(payload);
        }
        let (now, said_at) = (clock::now(), self.said_at.load(Relaxed));
        let due = said_at == 0 || now.saturating_sub(said_at) > clock::scale().ticks(QUIET);
        let claim = || {
            self.said_at
                .compare_exchange(said_at, now.max(1), Relaxed, Relaxed)
        };
        if due && claim().is_ok() {
            let (tracer, callback) = (self.tracer, callback.name());
            // Not `eprintln!`, which panics where nobody reads standard error any more.
            let _ = writeln!(
                std::io::stderr(),
                "tracer: {tracer} panicked in `{callback}`; the call goes on without it (said once a minute)"
            );
        }
    }
}
