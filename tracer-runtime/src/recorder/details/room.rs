//! What is left of what spans have recorded once it was read or thrown away: room for the next trace.

use super::{Brief, Claim, Details, ENTRY_BYTES, Open, RpcInfo, SpanDetails};

/// A recycled fragment keeps room for so many spans that have recorded something.
const MAX_SPARE: usize = 4;

/// Room for spans that say little, which goes from trace to trace.
#[derive(Debug)]
pub(in crate::recorder) struct Room {
    brief: Brief,
    claim: Claim,
}

impl Details {
    /// Frees what was recorded, but for what is known of calls between services: the thread that takes the fragment frees
    /// that, as threads that serve calls have allocated it.
    pub(crate) fn strip(&mut self) {
        if self.closed.len() > MAX_SPARE {
            return self.clear();
        }
        for details in &mut self.closed {
            *details = SpanDetails {
                rpc: details.rpc.take(),
                ..SpanDetails::default()
            };
        }
        self.brief.clear();
        self.calls.strip();
        let kept = self.closed.len() * (ENTRY_BYTES + RpcInfo::BYTES);
        self.claim_only(kept + self.brief.room() + self.calls.room());
    }

    /// Forgets everything but a little room.
    pub(crate) fn clear(&mut self) {
        if self.closed.capacity() > MAX_SPARE || self.open.capacity() > MAX_SPARE {
            (self.closed, self.open) = (Vec::new(), Vec::new());
        }
        self.closed.clear();
        self.open.clear();
        self.brief.clear();
        self.calls.clear();
        let room = self.closed.capacity() * size_of::<SpanDetails>()
            + self.open.capacity() * size_of::<Open>();
        self.claim_only(room + self.brief.room() + self.calls.room());
    }

    /// Whether nothing is left after [`Self::strip`] but what [`Self::free`] frees.
    pub(crate) fn is_nearly_blank(&self) -> bool {
        self.open.capacity() == 0 && self.closed.capacity() <= MAX_SPARE && !self.brief.has_room()
    }

    /// Frees what [`Self::strip`] has left of a nearly blank one.
    #[inline]
    pub(crate) fn free(&mut self) {
        if self.closed.capacity() != 0 {
            return self.clear();
        }
        self.calls.clear();
        self.claim_only(self.calls.room());
    }

    /// Takes out the room for spans that say little, which a blank fragment does not need.
    pub(in crate::recorder) fn take_room(&mut self) -> Option<Room> {
        let bytes = self.brief.room();
        if bytes == 0 {
            return None;
        }
        let brief = std::mem::take(&mut self.brief);
        let claim = self.claim.split(bytes);
        Some(Room { brief, claim })
    }

    /// Whether a span that says little would be the first for which there is room.
    #[inline]
    pub(in crate::recorder) fn needs_room(&self) -> bool {
        !self.brief.has_room()
    }

    pub(in crate::recorder) fn lend(&mut self, mut room: Room) {
        self.brief = room.brief;
        self.claim.take_over(&mut room.claim);
    }

    fn claim_only(&mut self, bytes: usize) {
        self.prepaid = 0;
        if self.claim.bytes() > bytes {
            self.claim.shrink(self.claim.bytes() - bytes);
        }
    }
}

#[cfg(all(test, not(tracer_loom)))]
mod tests {
    use super::*;
    use crate::rpc::RpcPlan;
    use crate::value::KeyValue;

    #[test]
    fn what_is_left_of_a_few_calls_is_freed_by_whoever_takes_it() {
        let mut details = Details::default();
        for read in [false, true] {
            let call = RpcInfo::of(RpcPlan::client("test"));
            let filed = details.file_call(call).expect("the budget allows one");
            if read {
                details.spell_out(filed);
            }
            details.strip();
            assert!(details.is_nearly_blank() && !details.is_empty());
            details.free();
            assert!(details.is_empty() && !details.has_open());
            let closed = details.closed.capacity() * size_of::<SpanDetails>();
            assert!(details.bytes() <= closed + details.calls.room());
        }
    }

    #[test]
    fn attributes_are_paid_for_together_and_given_back_to_the_byte() {
        let mut details = Details::default();
        let text = "x".repeat(100);
        for _ in 0..10 {
            let mut attributes = vec![KeyValue::new("text", text.clone())];
            details.close_attributes(&mut attributes, &mut Claim::default());
        }
        assert!(details.bytes() >= details.brief.room() + 10 * text.capacity());
        details.strip();
        assert_eq!(details.bytes(), details.brief.room());
        let room = details.take_room();
        assert_eq!(details.bytes(), 0);
        let mut next = Details::default();
        next.lend(room.expect("the room of ten attributes"));
        assert!(!next.needs_room());
        assert_eq!(next.bytes(), next.brief.room());
    }
}
