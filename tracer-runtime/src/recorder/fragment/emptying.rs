//! What a fragment forgets once its trace is over, and what it keeps for the next one.

use super::super::budget::Chunk;
use super::{Fragment, MAX_SPARE_PLACES};
use crate::id::SpanId;

impl Fragment {
    /// Forgets everything but the current chunk, whose room is used again; the others go to `spare`.
    pub(crate) fn reset(&mut self, mut spare: impl FnMut(Chunk)) {
        for mut chunk in self.full.drain(..) {
            chunk.records.clear();
            spare(chunk);
        }
        if self.full.capacity() > MAX_SPARE_PLACES {
            self.full = Vec::new();
        }
        self.details.clear();
        self.forget();
    }

    /// Forgets everything but the room of its chunks, of which at most `max_chunks` stay, and what is freed elsewhere: see
    /// [`Details::strip`].
    pub(crate) fn empty_for_others(&mut self, max_chunks: usize) {
        if !self.full.is_empty() {
            self.empty_full(max_chunks.saturating_sub(1));
        }
        self.details.strip();
        self.forget();
        self.plain =
            self.has_full_size_chunk() && self.full.is_empty() && self.details.is_nearly_blank();
    }

    #[cold]
    #[inline(never)]
    fn empty_full(&mut self, max_chunks: usize) {
        self.full.truncate(max_chunks);
        self.full.retain(Chunk::is_full_size);
        for chunk in &mut self.full {
            chunk.records.clear();
        }
    }

    #[inline(always)]
    fn forget(&mut self) {
        self.full_records = 0;
        self.partial = false;
        self.too_long = 0;
        self.link = None;
        self.slot = None;
        self.references = None;
        self.pipe = None;
        self.carried = None;
        self.forget_small();
    }

    /// What a small trace may have left.
    #[inline(always)]
    pub(super) fn forget_small(&mut self) {
        self.current.records.clear();
        self.plain = false;
        self.sampled = false;
        self.kept = false;
        self.seen = 0;
        self.special = false;
        self.remote_parent = None;
        self.entry = false;
        self.random = false;
        self.base = SpanId::INVALID;
        self.renamed = false;
        self.exported_elsewhere = false;
    }

    /// [`Self::reset`] for a plain fragment.
    #[inline(always)]
    pub(crate) fn reset_plain(&mut self) {
        self.current.records.clear();
    }
}
