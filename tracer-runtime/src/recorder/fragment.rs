//! The records of one local trace that end in one task or on one thread.
//!
//! A fragment has exactly one owner at any moment and is moved, never pointed to: the thread-local owns the active
//! one, a root's future owns its own between polls. So one thread writes it at a time, without atomics.

mod emptying;
mod reading;
mod small;

use std::sync::Arc;

use super::account::{Account, DropReason};
use super::budget::{CHUNK_RECORDS, Chunk, Claim, SMALL_CHUNK_RECORDS};
use super::details::Details;
use super::pipeline::{Pipeline, Tether};
use super::policy::Policy;
use super::slot::{Handle, SlotRef, Stock};
use crate::context::Carried;
use crate::id::{SpanId, TraceId};
use crate::record::SpanRecord;

/// Beyond this an undecided trace loses records, a decided one is handed over in parts.
pub(crate) const MAX_RECORDS: usize = if cfg!(miri) { 128 } else { 4096 };
/// What an undecided trace that is too long keeps of its beginning.
pub(crate) const FIRST_RECORDS: usize = MAX_RECORDS / 16;
/// Places for full chunks that a fragment in a thread's pool may keep.
const MAX_SPARE_PLACES: usize = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct Fragment {
    /// The span that owns it, or a random number where a task or an attached context does.
    pub(crate) id: u64,
    pub(crate) trace: TraceId,
    /// A trace that began here, and nothing has happened in it that its end must look at: no error, no attribute, no context
    /// that left it, no second chunk. Whoever changes a field below clears it, but for whether it is head-sampled.
    pub(crate) plain: bool,
    /// Head-sampled.
    pub(crate) sampled: bool,
    /// Parts have been handed over: the rest follows.
    pub(crate) kept: bool,
    /// `SAW_*` of the calls so far.
    pub(crate) seen: u8,
    /// `details.open` or `pipe` has something, so that the end of a span must look closer.
    pub(crate) special: bool,
    /// Its root hangs below this span of another service.
    pub(crate) remote_parent: Option<SpanId>,
    /// Its root serves somebody elsewhere.
    pub(crate) entry: bool,
    /// Not the whole of what its trace did here.
    pub(crate) partial: bool,
    current: Chunk,
    full: Vec<Chunk>,
    full_records: usize,
    pub(crate) details: Details,
    /// Records that were dropped because the trace was too long.
    pub(crate) too_long: u32,
    /// In ticks.
    pub(crate) opened: u64,
    /// A task's: the trace that it joins when it ends.
    pub(crate) link: Option<SlotRef>,
    /// A root's, once a context has left it.
    pub(crate) slot: Option<Handle>,
    /// For spans that no thread holds, each of which has a reference to the slot.
    pub(crate) references: Option<Stock>,
    /// A private pipeline; the process's otherwise.
    pub(crate) pipe: Option<Tether>,
    /// What its trace takes along to other services.
    pub(crate) carried: Option<Arc<Carried>>,
    /// Its trace comes from a caller who says that all bits of its id are random. Not said of traces of our own, which it is
    /// true of: OpenTelemetry for Go 1.38 ignores a `traceparent` with that flag (1.44 does not).
    pub(crate) random: bool,
    /// Where it was opened; [`SpanId::INVALID`] where its trace began here.
    pub(crate) base: SpanId,
    /// Somebody else has given it its ids and has decided whether it is sampled.
    pub(crate) renamed: bool,
    /// Somebody else exports its trace, by ids that spans in it were given.
    pub(crate) exported_elsewhere: bool,
    /// For itself.
    claim: Claim,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Yes,
    /// The fragment is full; [`Fragment::grow`] decides.
    Full,
}

impl Fragment {
    pub(crate) fn new() -> Self {
        Self {
            id: 0,
            trace: TraceId::INVALID,
            plain: false,
            sampled: false,
            kept: false,
            seen: 0,
            special: false,
            remote_parent: None,
            entry: false,
            partial: false,
            current: Chunk::default(),
            full: Vec::new(),
            full_records: 0,
            details: Details::default(),
            too_long: 0,
            opened: 0,
            link: None,
            slot: None,
            references: None,
            pipe: None,
            carried: None,
            random: false,
            base: SpanId::INVALID,
            renamed: false,
            exported_elsewhere: false,
            claim: Claim::forced(size_of::<Self>()),
        }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.pipeline().policy
    }

    pub(crate) fn account(&self) -> &Account {
        &self.pipeline().account
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        self.pipe
            .as_ref()
            .map_or(&super::pipeline::GLOBAL, |tether| tether.pipeline())
    }

    pub(crate) fn tracestate(&self) -> Option<&str> {
        self.carried.as_ref()?.tracestate.as_deref()
    }

    /// What its own calls say.
    pub(crate) fn wants_keeping(&self) -> bool {
        self.sampled || self.kept || self.policy().keeps(self.seen)
    }

    pub(crate) fn len(&self) -> usize {
        self.full_records + self.current.records.len()
    }

    /// Bytes that it holds of the budget.
    #[inline]
    pub(crate) fn bytes(&self) -> usize {
        let full = match self.full.is_empty() {
            true => 0,
            false => self.full_bytes(),
        };
        self.current.bytes() + full + self.details.bytes() + self.claim.bytes()
    }

    #[cold]
    #[inline(never)]
    fn full_bytes(&self) -> usize {
        self.full.iter().map(Chunk::bytes).sum()
    }

    pub(crate) fn has_full_size_chunk(&self) -> bool {
        self.current.is_full_size()
    }

    /// Whether it holds no more than a task's fragment does at first.
    pub(crate) fn is_small(&self) -> bool {
        self.current.is_small() && self.full.is_empty()
    }

    pub(crate) fn is_pristine(&self) -> bool {
        self.current.bytes() == 0
    }

    /// Whether one more record fits into its current chunk.
    #[inline(always)]
    pub(super) fn has_room(&self) -> bool {
        !self.current.is_full()
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, record: SpanRecord) -> Pushed {
        if self.current.is_full() {
            return Pushed::Full;
        }
        self.current.records.push(record);
        Pushed::Yes
    }

    /// Makes room for one more record; the caller holds the re-entrancy flag. False when the record must be dropped.
    pub(crate) fn grow(&mut self, spare_chunk: impl FnOnce() -> Option<Chunk>) -> bool {
        if self.is_pristine() {
            let records = if self.link.is_some() {
                SMALL_CHUNK_RECORDS
            } else {
                CHUNK_RECORDS
            };
            return self.replace_current(
                if records == CHUNK_RECORDS {
                    spare_chunk()
                } else {
                    None
                },
                records,
            );
        }
        if self.len() >= MAX_RECORDS {
            self.forget_the_middle();
            return true;
        }
        self.replace_current(spare_chunk(), CHUNK_RECORDS)
    }

    fn replace_current(&mut self, spare: Option<Chunk>, records: usize) -> bool {
        let Some(fresh) = spare.or_else(|| Chunk::with_capacity(records)) else {
            self.account().dropped(DropReason::MemoryLimit, 1);
            return false;
        };
        let old = std::mem::replace(&mut self.current, fresh);
        if !old.records.is_empty() {
            self.full_records += old.records.len();
            self.full.push(old);
            self.plain = false;
        }
        true
    }

    /// Moves the records to a chunk that is hardly larger, where that saves at least half of a full-size one; what they
    /// were in goes to `spare`.
    pub(crate) fn compact(&mut self, mut spare: impl FnMut(Chunk)) {
        let records = self.len().next_multiple_of(SMALL_CHUNK_RECORDS);
        if !self.current.is_full_size() || records > CHUNK_RECORDS / 2 {
            return;
        }
        let Some(mut compact) = Chunk::with_capacity(records) else {
            return;
        };
        for mut chunk in self.full.drain(..) {
            compact.records.append(&mut chunk.records);
            spare(chunk);
        }
        self.full_records = 0;
        compact.records.append(&mut self.current.records);
        spare(std::mem::replace(&mut self.current, compact));
        self.plain = false;
    }

    /// Empties the oldest chunk after the first records and writes on there.
    fn forget_the_middle(&mut self) {
        let mut first = 0;
        let keep = self.full.iter().take_while(|chunk| {
            let wanted = first < FIRST_RECORDS;
            first += chunk.records.len();
            wanted
        });
        let index = keep.count().min(self.full.len().saturating_sub(1));
        let mut oldest = self.full.remove(index);
        let lost = oldest.records.len();
        self.too_long += lost as u32;
        self.account()
            .dropped(DropReason::TraceTooLong, lost as u64);
        self.full_records -= lost;
        oldest.records.clear();
        let old = std::mem::replace(&mut self.current, oldest);
        self.full_records += old.records.len();
        self.full.push(old);
    }

    /// Takes the records of another fragment of the same trace over: room is worth more than knowing which task they are
    /// from. False, and nothing done, where there is no room or either is more than uninteresting records.
    pub(crate) fn absorb(&mut self, other: &mut Self) -> bool {
        let room = self.current.records.capacity() - self.current.records.len();
        let fits = (1..=room).contains(&other.len()) && self.trace == other.trace;
        if !fits || !self.is_uninteresting() || !other.is_uninteresting() {
            return false;
        }
        self.current.records.append(&mut other.current.records);
        true
    }

    fn is_uninteresting(&self) -> bool {
        !self.sampled && self.has_only_records()
    }

    fn has_only_records(&self) -> bool {
        self.full.is_empty()
            && self.details.is_empty()
            && !(self.special || self.kept || self.partial)
            && !(self.renamed || self.exported_elsewhere)
            && self.seen == 0
            && self.pipe.is_none()
            && self.carried.is_none()
            && self.remote_parent.is_none()
            && !self.entry
    }

    /// Makes a blank one fit for any trace.
    #[inline(always)]
    pub(crate) fn make_plain(&mut self) {
        self.plain = true;
        self.sampled = false;
    }

    /// Whether nothing is known of its trace but that it has begun, and whether it is head-sampled.
    #[inline(always)]
    pub(crate) fn is_blank(&self) -> bool {
        self.len() == 0 && (self.plain || self.has_nothing())
    }

    #[inline(never)]
    fn has_nothing(&self) -> bool {
        let alone = self.link.is_none() && self.slot.is_none() && self.too_long == 0;
        alone && self.has_only_records()
    }

    /// Moves all records and their details into a fragment of their own; spans that still run stay.
    pub(crate) fn split_off(&mut self) -> Box<Self> {
        let mut part = Box::new(Self::new());
        part.id = self.id;
        part.trace = self.trace;
        part.sampled = self.sampled;
        part.kept = true;
        part.seen = self.seen;
        part.remote_parent = self.remote_parent;
        part.entry = self.entry;
        part.opened = self.opened;
        part.pipe = self.pipe.clone();
        part.current = std::mem::take(&mut self.current);
        part.full = std::mem::take(&mut self.full);
        part.full_records = std::mem::take(&mut self.full_records);
        part.carried = self.carried.clone();
        part.random = self.random;
        part.exported_elsewhere = self.exported_elsewhere;
        part.details = self.details.split_off();
        part
    }
}
