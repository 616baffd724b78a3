//! Log records on their way to a collector: what `event!` and the events of `tracing` say.
//!
//! Off unless asked for. A record is taken or dropped and counted at once; nobody waits.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::callsite::Level;
use crate::context::Ids;
use crate::recorder::account::{Account, DropReason};
use crate::recorder::budget::Claim;
use crate::recorder::reentrancy::{self, Inside};
use crate::value::KeyValue;

/// Records that wait, as `OTEL_BLRP_MAX_QUEUE_SIZE` has it unless said.
const MAX_QUEUED: usize = 2_048;

/// Something that was logged.
#[derive(Debug, Clone)]
pub(crate) struct LogRecord {
    /// When it happened, in nanoseconds since the epoch.
    pub(crate) unix_ns: u64,
    pub(crate) level: Level,
    /// The module, or what the logging crate calls the target.
    pub(crate) target: Cow<'static, str>,
    /// What kind of event it is, where that has a name.
    pub(crate) event_name: Option<Cow<'static, str>>,
    /// For people.
    pub(crate) message: Option<String>,
    pub(crate) attributes: Vec<KeyValue>,
    /// The span that it happened in.
    pub(crate) ids: Option<Ids>,
}

/// Records that wait for the exporter.
#[derive(Debug)]
pub(crate) struct Sink {
    is_on: AtomicBool,
    queue: Mutex<Queue>,
    pub(crate) account: Account,
    /// All that were offered.
    emitted: AtomicU64,
}

#[derive(Debug)]
struct Queue {
    records: VecDeque<LogRecord>,
    claim: Option<Claim>,
}

/// The sink of `init`.
pub(crate) static SINK: Sink = Sink::new();

/// Whether log records are exported, so that making one is worth while.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    SINK.is_on.load(Relaxed)
}

/// Hands a record to the exporter; a no-op while [`is_on`] is false, and for what the exporter itself says.
pub(crate) fn emit(record: LogRecord) {
    if !reentrancy::is_silent() {
        SINK.emit(record);
    }
}

impl LogRecord {
    /// What it holds, itself included.
    fn bytes(&self) -> usize {
        let attribute = |a: &KeyValue| size_of::<KeyValue>() + a.value.heap_bytes();
        let attributes: usize = self.attributes.iter().map(attribute).sum();
        let message = self.message.as_ref().map_or(0, String::capacity);
        size_of::<Self>() + self.target.len() + message + attributes
    }
}

impl Sink {
    pub(crate) const fn new() -> Self {
        Self {
            is_on: AtomicBool::new(false),
            queue: Mutex::new(Queue {
                records: VecDeque::new(),
                claim: None,
            }),
            account: Account::new(),
            emitted: AtomicU64::new(0),
        }
    }

    /// From now on records are taken, or no more.
    pub(crate) fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Relaxed);
    }

    pub(crate) fn emit(&self, record: LogRecord) {
        if !self.is_on.load(Relaxed) {
            return;
        }
        self.emitted.fetch_add(1, Relaxed);
        let Some(_inside) = Inside::enter() else {
            return self.account.dropped(DropReason::Reentrant, 1);
        };
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = if queue.records.len() >= MAX_QUEUED {
            Some(DropReason::QueueFull)
        } else if !queue.claim.get_or_insert_default().grow(record.bytes()) {
            Some(DropReason::MemoryLimit)
        } else {
            None
        };
        match reason {
            None => queue.records.push_back(record),
            Some(reason) => self.account.dropped(reason, 1),
        }
    }

    /// Everything that waits.
    pub(crate) fn take(&self) -> VecDeque<LogRecord> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut queue.records);
        let claim = queue.claim.take();
        drop(queue);
        drop(claim);
        taken
    }

    /// Records that were offered so far.
    pub(crate) fn emitted(&self) -> u64 {
        self.emitted.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn record(message: &str) -> LogRecord {
        LogRecord {
            unix_ns: 1,
            level: Level::Info,
            target: "shop".into(),
            event_name: None,
            message: Some(message.to_owned()),
            attributes: Vec::new(),
            ids: None,
        }
    }

    #[test]
    fn a_sink_takes_nothing_unless_asked_to() {
        let sink = Sink::new();
        sink.emit(record("unheard"));
        assert!(sink.take().is_empty());
        assert_eq!(sink.emitted(), 0);
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted() {
        let sink = Sink::new();
        sink.set(true);
        for _ in 0..MAX_QUEUED + 3 {
            sink.emit(record("again"));
        }
        {
            let _inside = Inside::enter();
            sink.emit(record("from within"));
        }
        assert_eq!(sink.take().len(), MAX_QUEUED);
        let totals = sink.account.totals();
        assert_eq!(totals.dropped(DropReason::QueueFull), 3);
        assert_eq!(totals.dropped(DropReason::Reentrant), 1);
        assert_eq!(sink.emitted(), MAX_QUEUED as u64 + 4);
        sink.emit(record("there is room again"));
        assert_eq!(sink.take().len(), 1);
    }
}
