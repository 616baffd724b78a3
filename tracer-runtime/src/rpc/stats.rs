//! What has become of a call: its events, how much was sent, how it ended.

mod more;
mod traffic;

use std::fmt;
use std::sync::atomic::{
    AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{MutexGuard, OnceLock};
use std::time::{Duration, SystemTime};

use super::event::{
    EventRecord, EventStatus, PREDEFINED, RPC_FINISH, RPC_START, RpcEvent, StatsLevel,
};
use crate::clock;
use crate::record::{CallOutcome, Failure};
use more::{More, Noted, Notes, Why};
use traffic::Traffic;

/// Of the events that are not predefined; more are counted.
const MAX_USER_EVENTS: usize = 64;

/// Nothing happened yet.
const UNSET: u64 = 0;
/// Somebody is writing it down.
const CLAIMED: u64 = 1;

/// How a call is doing, and how it ended.
// Small: a trace that is kept keeps this of each of its calls.
pub struct RpcStats {
    level: StatsLevel,
    /// One more than the number of the outcome, once it is known.
    outcome: AtomicU8,
    /// A bit a slot.
    warned: AtomicU32,
    failed: AtomicU32,
    /// Of the start and the finish, in ticks.
    ends: [AtomicU64; ENDS],
    sent: Traffic,
    received: Traffic,
    more: OnceLock<Box<More>>,
}

/// The start and the finish come first among the predefined events.
const ENDS: usize = 2;

impl RpcStats {
    /// Whether it holds nothing that would have to be freed.
    #[inline]
    pub(super) fn is_flat(&self) -> bool {
        self.more.get().is_none()
    }

    /// What it holds beside itself, where it notes every event.
    pub(super) const MORE_BYTES: usize = size_of::<More>();

    pub(super) fn new(level: StatsLevel) -> Self {
        Self {
            level,
            outcome: AtomicU8::new(0),
            warned: AtomicU32::new(0),
            failed: AtomicU32::new(0),
            ends: [const { AtomicU64::new(UNSET) }; ENDS],
            sent: Traffic::default(),
            received: Traffic::default(),
            more: OnceLock::new(),
        }
    }

    /// Makes room for all events, if they are noted.
    #[inline]
    pub(super) fn prepare(&self) {
        if self.level >= StatsLevel::Detailed {
            self.more();
        }
    }

    /// To say more.
    #[cold]
    fn more(&self) -> &More {
        self.more.get_or_init(Box::default)
    }

    fn noted(&self) -> Option<MutexGuard<'_, Notes>> {
        self.more.get()?.noted()
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
            let notes = self.noted()?;
            let noted = notes
                .user
                .iter()
                .find(|(known, ..)| known.name() == event.name());
            let (event, status, text, ticks) = noted?.clone();
            return Some(self.record_of(event, status, text, ticks));
        };
        let ticks = self.ticks(event)?;
        let (event, status, text, ticks) = self.predefined(slot, ticks);
        Some(self.record_of(event, status, text, ticks))
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
        let mut all = self
            .noted()
            .map_or_else(Vec::new, |notes| notes.user.clone());
        for (slot, event) in PREDEFINED.iter().enumerate() {
            if let Some(ticks) = self.ticks(*event) {
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
        let text = self.noted().and_then(|notes| {
            let text = notes.texts.iter().find(|(of, _)| *of == slot);
            text.map(|(_, text)| text.clone())
        });
        text.unwrap_or_default()
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
    #[inline]
    pub(super) fn note(&self, event: RpcEvent, status: EventStatus, text: &str) {
        if event.level() <= self.level {
            self.note_at(event, status, text, clock::now());
        }
    }

    /// Notes the start of a call that nobody else knows of yet.
    #[inline]
    pub(super) fn begin(&self, ticks: u64) {
        if self.level >= RPC_START.level() {
            self.ends[0].store(ticks.max(CLAIMED + 1), Relaxed);
        }
    }

    /// Notes the finish of a call, now, unless somebody has.
    #[inline]
    pub(super) fn finish(&self, status: EventStatus) {
        if self.level < RPC_FINISH.level() {
            return;
        }
        if status != EventStatus::Info {
            return self.note(RPC_FINISH, status, "");
        }
        // Nothing is said of it that would have to be there before its time is: it need not be claimed first.
        let (finish, ticks) = (&self.ends[1], clock::now().max(CLAIMED + 1));
        if finish.load(Relaxed) == UNSET {
            let _ = finish.compare_exchange(UNSET, ticks, Release, Relaxed);
        }
    }

    pub(super) fn note_at(&self, event: RpcEvent, status: EventStatus, text: &str, ticks: u64) {
        if event.level() > self.level {
            return;
        }
        let Some(slot) = event.slot() else {
            return self.note_user(event, status, text, ticks);
        };
        let Some(place) = self.place(slot) else {
            return;
        };
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
            self.more().notes().texts.push((slot, text.to_owned()));
        }
        // Whoever sees the time sees what was said.
        place.store(ticks.max(CLAIMED + 1), Release);
    }

    #[cold]
    fn note_user(&self, event: RpcEvent, status: EventStatus, text: &str, ticks: u64) {
        let mut notes = self.more().notes();
        if notes
            .user
            .iter()
            .any(|(known, ..)| known.name() == event.name())
        {
            return;
        }
        if notes.user.len() == MAX_USER_EVENTS {
            notes.dropped += 1;
            return;
        }
        notes.user.push((event, status, text.to_owned(), ticks));
    }

    /// Where the time of a predefined event is kept.
    fn place(&self, slot: usize) -> Option<&AtomicU64> {
        match slot.checked_sub(ENDS) {
            None => self.ends.get(slot),
            Some(slot) if self.level >= StatsLevel::Detailed => self.more.get()?.between.get(slot),
            Some(_) => None,
        }
    }

    /// Of the start, in ticks.
    pub(super) fn started(&self) -> u64 {
        self.ticks(RPC_START).unwrap_or(0)
    }

    pub(super) fn ticks(&self, event: RpcEvent) -> Option<u64> {
        let ticks = self.place(event.slot()?)?.load(Acquire);
        (ticks > CLAIMED).then_some(ticks)
    }

    /// Events of your own beyond the first 64, which were not kept.
    #[must_use]
    pub fn dropped_events(&self) -> u64 {
        self.noted().map_or(0, |notes| notes.dropped)
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
        self.more.get()?.why.get()?.failure.as_ref()
    }

    /// Whether the call ended by a panic.
    #[must_use]
    pub fn panicked(&self) -> bool {
        self.outcome() == Some(CallOutcome::Panic)
    }

    /// What the panic said, where it was caught here.
    #[must_use]
    pub fn panic_message(&self) -> Option<&str> {
        self.more.get()?.why.get()?.panic_message.as_deref()
    }

    /// How it ended; `None` while it runs.
    #[must_use]
    pub fn outcome(&self) -> Option<CallOutcome> {
        let number = usize::from(self.outcome.load(Acquire)).checked_sub(1)?;
        CallOutcome::ALL.get(number).copied()
    }

    /// Says why it ended as it will.
    #[cold]
    pub(super) fn explain(&self, failure: Option<Failure>, panic_message: Option<String>) {
        let _ = self.more().why.set(Box::new(Why {
            failure,
            panic_message,
        }));
    }

    /// Says how it ended, once.
    #[inline]
    pub(super) fn end(&self, outcome: CallOutcome) {
        // Whoever sees the outcome sees why.
        self.outcome.store(outcome as u8 + 1, Release);
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
