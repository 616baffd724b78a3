//! What came from `tracing` and could not be placed: ignored, and counted in `tracer_tracing_errors_total`.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The `reason` label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Trouble {
    /// A span names a parent that is not known: it begins a trace of its own.
    UnknownParent,
    /// Something is said of a span that has ended, as its second end.
    UnknownSpan,
    /// A span has ended while it was entered.
    ClosedWhileEntered,
    /// A second layer in one subscriber: it does nothing.
    InstalledTwice,
    /// From within the layer: an allocator hook.
    Reentrant,
    /// Too many spans are entered on one thread.
    TooDeep,
    /// The subscriber has gone while a span of it was open: that ends as cancelled.
    SubscriberGone,
    /// More names from `otel.name` than there are places: the span keeps its static one.
    TooManyNames,
    /// A layer exports the span of an annotated call by other ids, which the call cannot take over: it would leave the trace
    /// that it is in.
    #[cfg(feature = "tracing-opentelemetry")]
    IdsNotTaken,
}

const NUMBER: usize = if cfg!(feature = "tracing-opentelemetry") {
    9
} else {
    8
};

const REASONS: [(Trouble, &str); NUMBER] = [
    (Trouble::UnknownParent, "unknown_parent"),
    (Trouble::UnknownSpan, "unknown_span"),
    (Trouble::ClosedWhileEntered, "closed_while_entered"),
    (Trouble::InstalledTwice, "installed_twice"),
    (Trouble::Reentrant, "reentrant"),
    (Trouble::TooDeep, "too_deep"),
    (Trouble::SubscriberGone, "subscriber_gone"),
    (Trouble::TooManyNames, "too_many_names"),
    #[cfg(feature = "tracing-opentelemetry")]
    (Trouble::IdsNotTaken, "ids_not_taken"),
];

static TROUBLES: [AtomicU64; REASONS.len()] = [const { AtomicU64::new(0) }; REASONS.len()];

#[cold]
pub(crate) fn count(trouble: Trouble) {
    count_all(trouble, 1);
}

pub(crate) fn count_all(trouble: Trouble, times: u64) {
    TROUBLES[trouble as usize].fetch_add(times, Relaxed);
}

/// Reason and how often, where it was seen.
pub(crate) fn totals() -> impl Iterator<Item = (&'static str, u64)> {
    REASONS.into_iter().filter_map(|(trouble, name)| {
        let times = TROUBLES[trouble as usize].load(Relaxed);
        (times > 0).then_some((name, times))
    })
}
