//! The bytes that records may hold, all threads together.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::record::SpanRecord;

/// Records in a full-size chunk. Under Miri, which takes its time, this and what else is filled by many calls is small.
pub(crate) const CHUNK_RECORDS: usize = if cfg!(miri) { 32 } else { 64 };
/// Records in the first chunk of a task's fragment: most tasks have few spans.
pub(crate) const SMALL_CHUNK_RECORDS: usize = 8;
/// Bytes of a full-size chunk.
pub(crate) const CHUNK_BYTES: usize = CHUNK_RECORDS * size_of::<SpanRecord>();
/// What records, details and queues may hold together unless the builder says otherwise.
pub(crate) const DEFAULT_LIMIT_BYTES: usize = 64 << 20;

static LIMIT: AtomicUsize = AtomicUsize::new(DEFAULT_LIMIT_BYTES);
static USED: AtomicUsize = AtomicUsize::new(0);
/// What threads may keep for their next traces, on top of the limit.
static ALLOWANCES: AtomicUsize = AtomicUsize::new(0);
/// As it was when the last chunk was made.
static SCARCE: AtomicBool = AtomicBool::new(false);

pub(crate) fn limit_bytes() -> usize {
    LIMIT.load(Relaxed)
}

pub(crate) fn set_limit(bytes: usize) {
    LIMIT.store(bytes, Relaxed);
}

pub(crate) fn used_bytes() -> usize {
    USED.load(Relaxed)
}

/// For records in memory; the rest of the limit is the exporters'.
fn limit_of_records() -> usize {
    let limit = LIMIT.load(Relaxed);
    limit - limit / 4 + ALLOWANCES.load(Relaxed)
}

/// Whether so much is in use, though far below the limit, that what waits should hold no more than it needs.
#[inline(always)]
pub(crate) fn is_scarce() -> bool {
    SCARCE.load(Relaxed)
}

fn note_use() {
    let scarce = used_bytes() > LIMIT.load(Relaxed) / 16 + ALLOWANCES.load(Relaxed);
    if SCARCE.load(Relaxed) != scarce {
        SCARCE.store(scarce, Relaxed);
    }
}

/// What a thread keeps in its pool is on top of the budget: many idle threads must not leave nothing to the busy ones.
#[derive(Debug)]
pub(crate) struct Allowance(usize);

impl Allowance {
    pub(crate) fn new(bytes: usize) -> Self {
        ALLOWANCES.fetch_add(bytes, Relaxed);
        Self(bytes)
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        ALLOWANCES.fetch_sub(self.0, Relaxed);
    }
}

/// A claim on the budget, given back on drop.
#[derive(Debug, Default)]
pub(crate) struct Claim(usize);

impl Claim {
    pub(crate) const fn nothing() -> Self {
        Self(0)
    }

    /// For what exists anyway and is small.
    pub(crate) fn forced(bytes: usize) -> Self {
        USED.fetch_add(bytes, Relaxed);
        Self(bytes)
    }

    /// Enlarges the claim; false, and nothing claimed, when the budget does not allow it.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let limit = limit_of_records();
        let grown = USED.fetch_update(Relaxed, Relaxed, |used| {
            used.checked_add(bytes).filter(|&sum| sum <= limit)
        });
        self.0 += grown.map_or(0, |_| bytes);
        grown.is_ok()
    }

    /// Gives a part of it back.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.0);
        USED.fetch_sub(bytes, Relaxed);
        self.0 -= bytes;
    }

    /// Moves a part of it to another one.
    pub(crate) fn split(&mut self, bytes: usize) -> Self {
        let bytes = bytes.min(self.0);
        self.0 -= bytes;
        Self(bytes)
    }

    /// Moves what another claim holds into this one.
    pub(crate) fn take_over(&mut self, other: &mut Self) {
        self.0 += std::mem::take(&mut other.0);
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.0 != 0 {
            USED.fetch_sub(self.0, Relaxed);
        }
    }
}

/// Room for a fixed number of records, counted against the budget as long as it exists.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) records: Vec<SpanRecord>,
    claim: Claim,
}

impl Chunk {
    /// `None` when the budget is used up.
    pub(crate) fn with_capacity(records: usize) -> Option<Self> {
        let mut claim = Claim::default();
        let granted = claim.grow(records * size_of::<SpanRecord>());
        note_use();
        granted.then(|| Self {
            records: Vec::with_capacity(records),
            claim,
        })
    }

    #[inline(always)]
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() == self.records.capacity()
    }

    pub(crate) fn is_full_size(&self) -> bool {
        self.records.capacity() >= CHUNK_RECORDS
    }

    pub(crate) fn is_small(&self) -> bool {
        self.records.capacity() <= SMALL_CHUNK_RECORDS
    }

    pub(crate) fn bytes(&self) -> usize {
        self.claim.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_given_back_on_drop_and_refused_beyond_the_limit() {
        let mut claim = Claim::default();
        assert!(!claim.grow(usize::MAX / 4));
        assert_eq!(claim.bytes(), 0);
        assert!(claim.grow(100) && claim.grow(28));
        assert_eq!(claim.bytes(), 128);
        let chunk = Chunk::with_capacity(SMALL_CHUNK_RECORDS).expect("the budget allows 512 bytes");
        assert_eq!(chunk.bytes(), 512);
        assert!(used_bytes() >= 640);
    }
}
