//! What a call has sent or received.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// In one direction.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) bytes: AtomicU64,
    pub(super) last_bytes: AtomicU64,
    pub(super) messages: AtomicU64,
}

impl Traffic {
    /// One task writes at a time: nothing is lost between the load and the store.
    pub(super) fn add(&self, messages: u64, bytes: u64) {
        let sum = |counter: &AtomicU64, more| counter.store(counter.load(Relaxed) + more, Relaxed);
        sum(&self.bytes, bytes);
        sum(&self.messages, messages);
        if messages != 0 {
            self.last_bytes.store(bytes, Relaxed);
        }
    }
}
