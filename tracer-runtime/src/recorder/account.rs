//! Where every record went: records made = exported + discarded + dropped(reason), exactly, once all traces have ended.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Why a record did not reach an exporter although nobody decided against its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum DropReason {
    /// The queue to the collector holds as many bytes or traces as it may.
    QueueFull,
    /// The byte budget for records in memory is used up.
    MemoryLimit,
    /// An undecided trace grew beyond the records that it may hold.
    TraceTooLong,
    /// A guard ended where its trace was no longer on the thread: out of order, held across an await, leaked.
    Misnested,
    /// A call from within the recorder itself: an allocator hook, a `Debug` implementation.
    Reentrant,
    /// A call in a thread-local destructor, after the recorder's own.
    ThreadExit,
    /// Too many roots inside each other on one thread.
    NestedTooDeep,
    /// The exporter gave the batch up: retries exhausted or refused for good.
    ExportFailed,
    /// The receiver took the batch and rejected some of its spans.
    Rejected,
    /// Ended after `shutdown`, or not delivered within its time.
    Shutdown,
    /// Kept, and no exporter is configured.
    NoExporter,
}

impl DropReason {
    pub(crate) const ALL: [Self; 11] = [
        Self::QueueFull,
        Self::MemoryLimit,
        Self::TraceTooLong,
        Self::Misnested,
        Self::Reentrant,
        Self::ThreadExit,
        Self::NestedTooDeep,
        Self::ExportFailed,
        Self::Rejected,
        Self::Shutdown,
        Self::NoExporter,
    ];

    /// The value of the `reason` label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::MemoryLimit => "memory_limit",
            Self::TraceTooLong => "trace_too_long",
            Self::Misnested => "misnested",
            Self::Reentrant => "reentrant",
            Self::ThreadExit => "thread_exit",
            Self::NestedTooDeep => "nested_too_deep",
            Self::ExportFailed => "export_failed",
            Self::Rejected => "rejected",
            Self::Shutdown => "shutdown",
            Self::NoExporter => "no_exporter",
        }
    }
}

/// Counters of one pipeline. What the hot path counts (discarded records) is kept by thread instead, see [`super::local`].
#[derive(Debug)]
pub(crate) struct Account {
    exported: AtomicU64,
    discarded: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
    /// Traces (or parts of one) that went to the queue.
    kept_traces: AtomicU64,
    /// Child futures that went on away from their trace.
    orphans: AtomicU64,
    /// Fragments that leaked guards left open.
    healed: AtomicU64,
    /// Interesting tasks that ended after their trace had been discarded.
    late: AtomicU64,
}

/// The events of a pipeline that are counted beside the records.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tally {
    KeptTrace,
    Orphan,
    Healed,
    Late,
}

impl Account {
    pub(crate) const fn new() -> Self {
        Self {
            exported: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            dropped: [const { AtomicU64::new(0) }; DropReason::ALL.len()],
            kept_traces: AtomicU64::new(0),
            orphans: AtomicU64::new(0),
            healed: AtomicU64::new(0),
            late: AtomicU64::new(0),
        }
    }

    #[cold]
    pub(crate) fn dropped(&self, reason: DropReason, records: u64) {
        self.dropped[reason as usize].fetch_add(records, Relaxed);
    }

    pub(crate) fn exported(&self, records: u64) {
        self.exported.fetch_add(records, Relaxed);
    }

    pub(crate) fn discarded(&self, records: u64) {
        self.discarded.fetch_add(records, Relaxed);
    }

    #[cold]
    pub(crate) fn tally(&self, what: Tally) {
        let counter = match what {
            Tally::KeptTrace => &self.kept_traces,
            Tally::Orphan => &self.orphans,
            Tally::Healed => &self.healed,
            Tally::Late => &self.late,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            exported: self.exported.load(Relaxed),
            discarded: self.discarded.load(Relaxed),
            dropped: DropReason::ALL
                .map(|reason| (reason, self.dropped[reason as usize].load(Relaxed))),
            kept_traces: self.kept_traces.load(Relaxed),
            orphans: self.orphans.load(Relaxed),
            healed: self.healed.load(Relaxed),
            late: self.late.load(Relaxed),
        }
    }
}

/// A reading of an [`Account`].
#[derive(Debug, Clone)]
pub(crate) struct Totals {
    /// Records that an exporter has taken.
    pub(crate) exported: u64,
    /// Records of traces that were decided against.
    pub(crate) discarded: u64,
    /// Records lost, by reason.
    pub(crate) dropped: [(DropReason, u64); DropReason::ALL.len()],
    pub(crate) kept_traces: u64,
    pub(crate) orphans: u64,
    pub(crate) healed: u64,
    pub(crate) late: u64,
}

#[cfg(test)]
impl Totals {
    /// Records whose fate is known.
    pub(crate) fn settled(&self) -> u64 {
        self.exported + self.discarded + self.dropped.iter().map(|(_, n)| n).sum::<u64>()
    }

    pub(crate) fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize].1
    }
}
