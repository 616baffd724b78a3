//! Small traces on their way to the collector, side by side in memory that is read in the order in which it was written.
//! Their fragments stay with their threads, whose caches have them: to hand a fragment over makes all of its memory wander
//! from one processor to another and back.

use std::vec::Drain;

use super::budget::{self, Claim};
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
    /// records and what they say of their calls, or where there is no room within so many bytes.
    #[inline]
    pub(super) fn put(&mut self, fragment: &mut Fragment, after: u32, max_bytes: usize) -> bool {
        if !fragment.is_small_trace(MAX_RECORDS) {
            return false;
        }
        let (records, calls) = (fragment.len(), fragment.details.calls());
        if !self.make_room(records, calls, max_bytes) {
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
    fn make_room(&mut self, records: usize, calls: usize, max_bytes: usize) -> bool {
        let has_room =
            left(&self.heads) >= 1 && left(&self.records) >= records && left(&self.calls) >= calls;
        has_room || self.grow(records, calls, max_bytes)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, records: usize, calls: usize, max_bytes: usize) -> bool {
        let heads = more(&self.heads, 1);
        let records = more(&self.records, records);
        let calls = more(&self.calls, calls);
        let bytes = heads * size_of::<Head>()
            + records * size_of::<SpanRecord>()
            + calls * size_of::<Flat>();
        let granted = self.claim.bytes() + bytes <= max_bytes && self.claim.grow(bytes);
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
            heads: &mut self.heads,
            records: &mut self.records,
            calls: self.calls.drain(..),
            next: 0,
            next_record: 0,
        }
    }

    /// Frees the room where it is more than may wait unused, or where so few traces came that it is hardly used.
    pub(super) fn trim(&mut self, came: usize) {
        let room = self.heads.capacity();
        let is_large = self.claim.bytes() > budget::limit_bytes() / 32;
        if came == 0 || is_large || room > MAX_SPARE && came < room / 4 {
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
    heads: &'a mut Vec<Head>,
    records: &'a mut Vec<SpanRecord>,
    calls: Drain<'a, Flat>,
    next: usize,
    /// The first of its records.
    next_record: usize,
}

impl Unpacking<'_> {
    /// Puts the next trace into an empty fragment, unless it comes after more fragments than this; false where there is none.
    /// `read`: whether anybody looks at what it says of its calls.
    pub(super) fn next_into(&mut self, fragment: &mut Fragment, before: u32, read: bool) -> bool {
        let head = self.heads.get(self.next);
        let Some(head) = head.filter(|head| head.after <= before) else {
            return false;
        };
        self.next += 1;
        fragment.trace = head.trace;
        fragment.remote_parent = head.remote_parent;
        fragment.sampled = head.sampled;
        fragment.exported_elsewhere = head.exported_elsewhere;
        fragment.kept = true;
        let records = &self.records[self.next_record..][..usize::from(head.records)];
        self.next_record += records.len();
        fragment.put_back(records);
        for call in self.calls.by_ref().take(usize::from(head.calls)) {
            if read {
                fragment.details.put_back_call(call.info());
            }
        }
        true
    }
}

impl Drop for Unpacking<'_> {
    fn drop(&mut self) {
        self.heads.clear();
        self.records.clear();
    }
}

#[cfg(all(test, not(tracer_loom)))]
mod tests {
    use super::*;
    use crate::callsite::Callsite;
    use crate::record::CallOutcome;
    use crate::rpc::{RpcInfo, RpcPlan};
    use crate::value::KeyValue;

    const MANY_BYTES: usize = 1 << 20;

    static SITE: Callsite = Callsite::new("small", "small", "parcels");

    /// Of so many records, the first of which begins at the number of the trace.
    fn fragment(trace: u64, records: u64) -> Fragment {
        let mut fragment = Fragment::new();
        assert!(fragment.grow(|| None));
        fragment.trace = TraceId([0, trace]);
        for i in 0..records {
            fragment.push(SpanRecord {
                span: SpanId(i + 1),
                parent: SpanId::INVALID,
                callsite: &SITE,
                start: trace + i,
                duration: 1,
                outcome: CallOutcome::Ok,
                details: 0,
            });
        }
        fragment
    }

    fn seen(fragment: &Fragment) -> (u64, Vec<u64>) {
        let starts = fragment.spans().map(|span| span.record.start).collect();
        (fragment.trace.0[1], starts)
    }

    #[test]
    fn traces_come_out_in_their_order_and_among_the_fragments_where_they_were() {
        let mut parcels = Parcels::new();
        for (trace, records, after) in [(10, 2, 0), (20, 1, 0), (30, 8, 2)] {
            let mut small = fragment(trace, records);
            assert!(parcels.put(&mut small, after, MANY_BYTES));
            assert!(small.len() == 0 && small.plain, "its thread uses it again");
        }
        let mut unpacking = parcels.unpack();
        let mut next = |before| {
            let mut fragment = Fragment::new();
            let came = unpacking.next_into(&mut fragment, before, true);
            came.then(|| seen(&fragment))
        };
        assert_eq!(next(0), Some((10, vec![10, 11])));
        assert_eq!(next(0), Some((20, vec![20])));
        assert_eq!(next(0), None);
        assert_eq!(next(1), None);
        assert_eq!(next(2), Some((30, (30..38).collect())));
        assert_eq!(next(9), None);
    }

    #[test]
    fn a_trace_of_which_there_is_more_to_say_stays_in_its_fragment() {
        let mut parcels = Parcels::new();
        let long = fragment(1, MAX_RECORDS as u64 + 1);
        let mut partial = fragment(2, 1);
        partial.partial = true;
        let mut carrying = fragment(3, 1);
        carrying.carried = Some(std::sync::Arc::default());
        let mut waiting = fragment(4, 1);
        waiting.too_long = 1;
        let mut telling = fragment(5, 1);
        if let Some(details) = telling.newest_details() {
            details.own_attributes.push(KeyValue::new("key", 1));
        }
        // Its texts would be freed by another thread than has allocated them.
        let mut calling = fragment(6, 1);
        let info = RpcInfo::of(RpcPlan::client("test"));
        assert!(calling.details.file_call(info).is_some());
        for mut more in [long, partial, carrying, waiting, telling, calling] {
            let records = more.len();
            assert!(!parcels.put(&mut more, 0, MANY_BYTES), "{:?}", more.trace);
            assert_eq!(more.len(), records);
        }
        assert_eq!(parcels.len(), 0);
    }

    #[test]
    fn the_room_stays_within_what_it_may_have() {
        let mut parcels = Parcels::new();
        let max_bytes = 3 * FIRST_ROOM * Parcels::bytes_of(1, 0);
        let taken = (0..1_000).take_while(|_| parcels.put(&mut fragment(1, 1), 0, max_bytes));
        assert_eq!(taken.count(), 2 * FIRST_ROOM);
        assert!(parcels.claim.bytes() <= max_bytes);
    }

    #[test]
    fn room_that_is_hardly_used_is_given_back() {
        let mut parcels = Parcels::new();
        for trace in 0..5 * MAX_SPARE as u64 {
            assert!(parcels.put(&mut fragment(trace, 1), 0, MANY_BYTES));
        }
        let came = parcels.len();
        drop(parcels.unpack());
        let paid = parcels.claim.bytes();
        let room = parcels.heads.capacity() * size_of::<Head>()
            + parcels.records.capacity() * size_of::<SpanRecord>()
            + parcels.calls.capacity() * size_of::<Flat>();
        assert_eq!(paid, room);
        parcels.trim(came);
        assert_eq!(parcels.claim.bytes(), paid);
        parcels.trim(came / 8);
        assert_eq!((parcels.claim.bytes(), parcels.heads.capacity()), (0, 0));
    }
}
