//! A trace of which there is little to say: given away by value, so that the memory of its fragment stays where it is warm.

use super::Fragment;
use crate::record::SpanRecord;
use crate::rpc::RpcInfo;

impl Fragment {
    /// Whether it is the whole of a trace, and no more than so many records and what they say of their calls.
    #[inline]
    pub(crate) fn is_small_trace(&self, max_records: usize) -> bool {
        self.current.records.len() <= max_records
            && self.full.is_empty()
            && self.details.is_flat()
            && self.carried.is_none()
            && self.link.is_none()
            && self.slot.is_none()
            && self.references.is_none()
            && self.pipe.is_none()
            && !self.partial
            && self.too_long == 0
    }

    /// Gives the records and the calls of a small trace away; what is left is as blank as a thread wants it.
    #[inline]
    pub(crate) fn move_out(&mut self, records: &mut Vec<SpanRecord>, call: impl FnMut(RpcInfo)) {
        records.extend_from_slice(&self.current.records);
        self.details.take_calls(call);
        self.forget_small();
        self.plain = self.has_full_size_chunk() && self.details.is_nearly_blank();
    }

    /// Forgets what was put back, but for a little room.
    #[inline]
    pub(crate) fn reset_small(&mut self) {
        self.details.clear();
        self.forget_small();
    }

    /// The other way round, into an empty one, but for the calls.
    #[inline]
    pub(crate) fn put_back(&mut self, records: &[SpanRecord]) {
        self.current.records.extend_from_slice(records);
    }
}
