//! What has become of a call: its events, how much was sent, how it ended.

use std::fmt;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use super::event::{
    EventRecord, EventStatus, PREDEFINED, RPC_FINISH, RPC_START, RpcEvent, StatsLevel,
};
use crate::clock;
use crate::record::{CallOutcome, Failure};

/// Of the events that are not predefined; more are counted.
const MAX_USER_EVENTS: usize = 64;

/// Nothing happened yet.
const UNSET: u64 = 0;
/// Somebody is writing it down.
const CLAIMED: u64 = 1;

/// How a call is doing, and how it ended.
pub struct RpcStats {
    level: StatsLevel,
    /// In ticks, by slot.
    times: [AtomicU64; PREDEFINED.len()],
    /// A bit a slot.
    warned: AtomicU32,
    failed: AtomicU32,
    notes: Mutex<Notes>,
    dropped_events: AtomicU64,
    sent: Traffic,
    received: Traffic,
    ended: OnceLock<Ended>,
}

/// What few calls have.
#[derive(Debug, Default)]
struct Notes {
    texts: Vec<(usize, String)>,
    user: Vec<Noted>,
}

/// What happened, whether it was as it should be, what was said about it, and when, in ticks.
type Noted = (RpcEvent, EventStatus, String, u64);

/// In one direction.
#[derive(Debug, Default)]
struct Traffic {
    bytes: AtomicU64,
    last_bytes: AtomicU64,
    messages: AtomicU64,
}

#[derive(Debug)]
struct Ended {
    outcome: CallOutcome,
    failure: Option<Failure>,
    panic_message: Option<String>,
}

impl RpcStats {
    pub(super) fn new(level: StatsLevel) -> Self {
        Self {
            level,
            times: [const { AtomicU64::new(UNSET) }; PREDEFINED.len()],
            warned: AtomicU32::new(0),
            failed: AtomicU32::new(0),
            notes: Mutex::new(Notes::default()),
            dropped_events: AtomicU64::new(0),
            sent: Traffic::default(),
            received: Traffic::default(),
            ended: OnceLock::new(),
        }
    }

    /// Up to which level events are noted.
    #[must_use]
    pub const fn level(&self) -> StatsLevel {
        self.level
    }

    /// An event, once it has happened.
    ///
    /// ```
    /// use tracer_runtime::rpc::{RPC_FINISH, RpcInfo};
    ///
    /// fn cost_ms(rpc: &RpcInfo) -> Option<u128> {
    ///     let finish = rpc.stats().event(RPC_FINISH)?;
    ///     Some(finish.offset().as_millis())
    /// }
    /// ```
    #[must_use]
    pub fn event(&self, event: impl Into<RpcEvent>) -> Option<EventRecord> {
        let event = event.into();
        let Some(slot) = event.slot() else {
            let notes = self.notes();
            let noted = notes
                .user
                .iter()
                .find(|(known, ..)| known.name() == event.name());
            let (event, status, text, ticks) = noted?.clone();
            return Some(self.record_of(event, status, text, ticks));
        };
        let ticks = self.times[slot].load(Acquire);
        (ticks > CLAIMED).then(|| {
            let (event, status, text, ticks) = self.predefined(slot, ticks);
            self.record_of(event, status, text, ticks)
        })
    }

    /// Every event so far, in the order in which they happened.
    #[must_use]
    pub fn events(&self) -> Vec<EventRecord> {
        let raw = self.raw_events().into_iter();
        raw.map(|(event, status, text, ticks)| self.record_of(event, status, text, ticks))
            .collect()
    }

    /// [`Self::events`], with their times in ticks.
    pub(super) fn raw_events(&self) -> Vec<Noted> {
        let mut all = self.notes().user.clone();
        for (slot, time) in self.times.iter().enumerate() {
            let ticks = time.load(Acquire);
            if ticks > CLAIMED {
                all.push(self.predefined(slot, ticks));
            }
        }
        all.sort_by_key(|&(.., ticks)| ticks);
        all
    }

    fn predefined(&self, slot: usize, ticks: u64) -> Noted {
        let bit = 1 << slot;
        let failed = self.failed.load(Relaxed) & bit != 0;
        let warned = self.warned.load(Relaxed) & bit != 0;
        let (status, text) = match (failed, warned) {
            (false, false) => (EventStatus::Info, String::new()),
            (true, _) => (EventStatus::Error, self.text_of(slot)),
            (false, true) => (EventStatus::Warn, self.text_of(slot)),
        };
        (PREDEFINED[slot], status, text, ticks)
    }

    fn text_of(&self, slot: usize) -> String {
        let notes = self.notes();
        let text = notes.texts.iter().find(|(of, _)| *of == slot);
        text.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    fn record_of(
        &self,
        event: RpcEvent,
        status: EventStatus,
        text: String,
        ticks: u64,
    ) -> EventRecord {
        let scale = clock::scale();
        let offset = scale.duration_ns(ticks.saturating_sub(self.started()));
        EventRecord {
            event,
            status,
            text,
            offset: Duration::from_nanos(offset),
            time: SystemTime::UNIX_EPOCH + Duration::from_nanos(scale.unix_ns(ticks)),
        }
    }

    /// Notes an event, now. The first of a name counts, later ones are passed over.
    pub(super) fn note(&self, event: RpcEvent, status: EventStatus, text: &str) {
        self.note_at(event, status, text, clock::now());
    }

    pub(super) fn note_at(&self, event: RpcEvent, status: EventStatus, text: &str, ticks: u64) {
        if event.level() > self.level {
            return;
        }
        let Some(slot) = event.slot() else {
            return self.note_user(event, status, text, ticks);
        };
        let place = &self.times[slot];
        if place.load(Relaxed) != UNSET
            || place
                .compare_exchange(UNSET, CLAIMED, Relaxed, Relaxed)
                .is_err()
        {
            return;
        }
        let bit = 1 << slot;
        match status {
            EventStatus::Info => {}
            EventStatus::Warn => _ = self.warned.fetch_or(bit, Relaxed),
            EventStatus::Error => _ = self.failed.fetch_or(bit, Relaxed),
        }
        if status != EventStatus::Info && !text.is_empty() {
            self.notes().texts.push((slot, text.to_owned()));
        }
        // Whoever sees the time sees what was said.
        place.store(ticks.max(CLAIMED + 1), Release);
    }

    #[cold]
    fn note_user(&self, event: RpcEvent, status: EventStatus, text: &str, ticks: u64) {
        let mut notes = self.notes();
        if notes
            .user
            .iter()
            .any(|(known, ..)| known.name() == event.name())
        {
            return;
        }
        if notes.user.len() == MAX_USER_EVENTS {
            self.dropped_events.fetch_add(1, Relaxed);
            return;
        }
        notes.user.push((event, status, text.to_owned(), ticks));
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of the start, in ticks.
    pub(super) fn started(&self) -> u64 {
        self.ticks(RPC_START).unwrap_or(0)
    }

    pub(super) fn ticks(&self, event: RpcEvent) -> Option<u64> {
        let ticks = self.times[event.slot()?].load(Acquire);
        (ticks > CLAIMED).then_some(ticks)
    }

    /// Events of your own beyond the first 64, which were not kept.
    #[must_use]
    pub fn dropped_events(&self) -> u64 {
        self.dropped_events.load(Relaxed)
    }

    /// From the start to the finish; so far, while it runs.
    #[must_use]
    pub fn cost(&self) -> Duration {
        let Some(start) = self.ticks(RPC_START) else {
            return Duration::ZERO;
        };
        let end = self.ticks(RPC_FINISH).unwrap_or_else(clock::now);
        Duration::from_nanos(clock::scale().duration_ns(end.saturating_sub(start)))
    }

    /// Bytes sent, of payload.
    #[must_use]
    pub fn send_size(&self) -> u64 {
        self.sent.bytes.load(Relaxed)
    }

    /// Bytes received, of payload.
    #[must_use]
    pub fn recv_size(&self) -> u64 {
        self.received.bytes.load(Relaxed)
    }

    /// Bytes of the message that was sent last.
    #[must_use]
    pub fn last_send_size(&self) -> u64 {
        self.sent.last_bytes.load(Relaxed)
    }

    /// Bytes of the message that was received last.
    #[must_use]
    pub fn last_recv_size(&self) -> u64 {
        self.received.last_bytes.load(Relaxed)
    }

    /// Messages sent.
    #[must_use]
    pub fn messages_sent(&self) -> u64 {
        self.sent.messages.load(Relaxed)
    }

    /// Messages received.
    #[must_use]
    pub fn messages_received(&self) -> u64 {
        self.received.messages.load(Relaxed)
    }

    pub(crate) fn add_sent(&self, messages: u64, bytes: u64) {
        self.sent.add(messages, bytes);
    }

    pub(crate) fn add_received(&self, messages: u64, bytes: u64) {
        self.received.add(messages, bytes);
    }

    /// Why the call failed; a business status is no failure.
    #[must_use]
    pub fn error(&self) -> Option<&Failure> {
        self.ended.get()?.failure.as_ref()
    }

    /// Whether the call ended by a panic.
    #[must_use]
    pub fn panicked(&self) -> bool {
        self.outcome() == Some(CallOutcome::Panic)
    }

    /// What the panic said, where it was caught here.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        self.ended.get()?.panic_message.as_deref()
    }

    /// How it ended; `None` while it runs.
    #[must_use]
    pub fn outcome(&self) -> Option<CallOutcome> {
        self.ended.get().map(|ended| ended.outcome)
    }

    /// Says how it ended, once.
    pub(super) fn end(
        &self,
        outcome: CallOutcome,
        failure: Option<Failure>,
        panic_message: Option<String>,
    ) {
        let _ = self.ended.set(Ended {
            outcome,
            failure,
            panic_message,
        });
    }
}

impl Traffic {
    /// One task writes at a time: nothing is lost between the load and the store.
    fn add(&self, messages: u64, bytes: u64) {
        let sum = |counter: &AtomicU64, more| counter.store(counter.load(Relaxed) + more, Relaxed);
        sum(&self.bytes, bytes);
        sum(&self.messages, messages);
        if messages != 0 {
            self.last_bytes.store(bytes, Relaxed);
        }
    }
}

impl fmt::Debug for RpcStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcStats")
            .field("level", &self.level)
            .field("cost", &self.cost())
            .field("outcome", &self.outcome())
            .finish_non_exhaustive()
    }
}
