//! Small traces on their way to the collector, side by side in memory that is read in the order in which it was written.
//! Their fragments stay with their threads, whose caches have them: to hand a fragment over makes all of its memory wander
//! from one processor to another and back.

use std::iter::Peekable;
use std::vec::Drain;

use super::budget::Claim;
use super::fragment::Fragment;
use crate::id::{SpanId, TraceId};
use crate::record::SpanRecord;
use crate::rpc::Flat;

/// Records of a trace that goes this way.
pub(super) const MAX_RECORDS: usize = 8;
/// Traces that the first one makes room for.
const FIRST_ROOM: usize = 64;
/// Room that stays where few traces come.
const MAX_SPARE: usize = 1_024;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Parcels {
    heads: Vec<Head>,
    records: Vec<SpanRecord>,
    calls: Vec<Flat>,
    /// For the room of all three.
    claim: Claim,
}

/// What a reader must know of a trace beside its records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    trace: TraceId,
    remote_parent: Option<SpanId>,
    /// Fragments that were queued before it.
    after: u32,
    records: u8,
    calls: u8,
    sampled: bool,
    exported_elsewhere: bool,
}

impl Parcels {
    pub(super) const fn new() -> Self {
        Self {
            heads: Vec::new(),
            records: Vec::new(),
            calls: Vec::new(),
            claim: Claim::nothing(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Bytes of so many records and calls of one trace.
    pub(super) const fn bytes_of(records: usize, calls: usize) -> usize {
        size_of::<Head>() + records * size_of::<SpanRecord>() + calls * size_of::<Flat>()
    }

    /// Takes what a fragment holds, whose thread may use it again; false, and nothing done, where it holds more than a few
    /// records and what they say of their calls, or where there is no room.
    pub(super) fn put(&mut self, fragment: &mut Fragment, after: u32) -> bool {
        if !fragment.is_small_trace(MAX_RECORDS) {
            return false;
        }
        let (records, calls) = (fragment.len(), fragment.details.calls());
        if !self.make_room(records, calls) {
            return false;
        }
        self.heads.push(Head {
            trace: fragment.trace,
            remote_parent: fragment.remote_parent,
            after,
            records: records as u8,
            calls: calls as u8,
            sampled: fragment.sampled,
            exported_elsewhere: fragment.exported_elsewhere,
        });
        let calls = &mut self.calls;
        fragment.move_out(&mut self.records, |call| calls.push(Flat::of(call)));
        true
    }

    #[inline]
    fn make_room(&mut self, records: usize, calls: usize) -> bool {
        let has_room =
            left(&self.heads) >= 1 && left(&self.records) >= records && left(&self.calls) >= calls;
        has_room || self.grow(records, calls)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, records: usize, calls: usize) -> bool {
        let heads = more(&self.heads, 1);
        let records = more(&self.records, records);
        let calls = more(&self.calls, calls);
        let bytes = heads * size_of::<Head>()
            + records * size_of::<SpanRecord>()
            + calls * size_of::<Flat>();
        let granted = self.claim.grow(bytes);
        if granted {
            add_room(&mut self.heads, heads);
            add_room(&mut self.records, records);
            add_room(&mut self.calls, calls);
        }
        granted
    }

    /// Takes the traces out, one after the other.
    pub(super) fn unpack(&mut self) -> Unpacking<'_> {
        Unpacking {
            heads: self.heads.drain(..).peekable(),
            records: self.records.drain(..),
            calls: self.calls.drain(..),
        }
    }

    /// Frees the room where so few traces came that it is hardly used.
    pub(super) fn trim(&mut self, came: usize) {
        let room = self.heads.capacity();
        if came == 0 || room > MAX_SPARE && came < room / 4 {
            *self = Self::new();
        }
    }
}

/// How many more items there is room for.
fn left<T>(list: &Vec<T>) -> usize {
    list.capacity() - list.len()
}

/// How much room to add, so that there is some for so many items.
fn more<T>(list: &Vec<T>, items: usize) -> usize {
    match left(list) >= items {
        true => 0,
        false => list.capacity().max(FIRST_ROOM).max(items),
    }
}

fn add_room<T>(list: &mut Vec<T>, items: usize) {
    if items != 0 {
        list.reserve_exact(left(list) + items);
    }
}

/// Traces that are taken out; those that are left are thrown away with it.
pub(super) struct Unpacking<'a> {
    heads: Peekable<Drain<'a, Head>>,
    records: Drain<'a, SpanRecord>,
    calls: Drain<'a, Flat>,
}

impl Unpacking<'_> {
    /// Puts the next trace into an empty fragment, unless it comes after more fragments than this; false where there is none.
    /// `read`: whether anybody looks at what it says of its calls.
    pub(super) fn next_into(&mut self, fragment: &mut Fragment, before: u32, read: bool) -> bool {
        let Some(head) = self.heads.next_if(|head| head.after <= before) else {
            return false;
        };
        fragment.trace = head.trace;
        fragment.remote_parent = head.remote_parent;
        fragment.sampled = head.sampled;
        fragment.exported_elsewhere = head.exported_elsewhere;
        fragment.kept = true;
        let records = self.records.by_ref().take(usize::from(head.records));
        let calls = self.calls.by_ref().take(usize::from(head.calls));
        fragment.put_back(records, calls.filter(|_| read).map(Flat::info));
        true
    }
}
