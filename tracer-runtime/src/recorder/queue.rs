//! Kept traces on their way to the collector: bounded by bytes and by number, never waited for.

use std::collections::VecDeque;

use super::fragment::Fragment;
use crate::sync::{Mutex, lock};

/// Traces, or parts of one, that may wait.
pub(crate) const MAX_FRAGMENTS: usize = 16 * 1024;
/// From this many on the collector is woken instead of waiting for its next round.
const WAKE_FRAGMENTS: usize = if cfg!(tracer_loom) { 2 } else { 256 };
/// Likewise for bytes.
const WAKE_BYTES: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(crate) struct Queue {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    fragments: VecDeque<Box<Fragment>>,
    bytes: usize,
    /// The collector has been woken and has not come yet.
    woken: bool,
    closed: bool,
}

/// What became of a fragment.
#[derive(Debug)]
pub(crate) enum Queued {
    Yes,
    /// It is time to wake the collector; said once until it comes.
    YesAndWake,
    Full(Box<Fragment>),
    Closed(Box<Fragment>),
}

impl Queue {
    #[cfg(not(tracer_loom))]
    pub(crate) const fn new() -> Self {
        Self {
            inner: Mutex::new(Inner::new()),
        }
    }

    #[cfg(tracer_loom)]
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner::new()),
        }
    }

    pub(crate) fn push(&self, fragment: Box<Fragment>, max_bytes: usize) -> Queued {
        let bytes = fragment.bytes();
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Queued::Closed(fragment);
        }
        if inner.fragments.len() >= MAX_FRAGMENTS || inner.bytes + bytes > max_bytes {
            return Queued::Full(fragment);
        }
        inner.bytes += bytes;
        inner.fragments.push_back(fragment);
        let due = inner.fragments.len() >= WAKE_FRAGMENTS || inner.bytes >= WAKE_BYTES;
        if due && !std::mem::replace(&mut inner.woken, true) {
            Queued::YesAndWake
        } else {
            Queued::Yes
        }
    }

    /// Everything that waits.
    pub(crate) fn take(&self) -> VecDeque<Box<Fragment>> {
        let mut inner = lock(&self.inner);
        inner.bytes = 0;
        inner.woken = false;
        std::mem::take(&mut inner.fragments)
    }

    /// Nothing is accepted from now on.
    pub(crate) fn close(&self) {
        lock(&self.inner).closed = true;
    }

    /// Fragments and bytes that wait.
    pub(crate) fn size(&self) -> (usize, usize) {
        let inner = lock(&self.inner);
        (inner.fragments.len(), inner.bytes)
    }
}

impl Inner {
    const fn new() -> Self {
        Self {
            fragments: VecDeque::new(),
            bytes: 0,
            woken: false,
            closed: false,
        }
    }
}
