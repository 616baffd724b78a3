//! Kept traces on their way to the collector, and their emptied fragments on the way back: bounded by bytes and by
//! number, never waited for.

use std::collections::VecDeque;

use super::emptied::Emptied;
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
    emptied: Emptied,
    /// The collector has been woken and has not come yet.
    woken: bool,
    closed: bool,
}

/// What became of a fragment.
#[derive(Debug)]
pub(crate) enum Queued {
    /// Accepted; with an emptied fragment in exchange, where one was wanted and there was one.
    Yes {
        emptied: Option<Box<Fragment>>,
        /// It is time to wake the collector; said once until it comes.
        wake: bool,
    },
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

    /// `exchange`: whether the caller can use an emptied fragment.
    #[inline]
    pub(crate) fn push(&self, fragment: Box<Fragment>, max_bytes: usize, exchange: bool) -> Queued {
        let bytes = fragment.bytes();
        let mut inner = lock(&self.inner);
        if inner.closed {
            return Queued::Closed(fragment);
        }
        if inner.fragments.len() >= MAX_FRAGMENTS || inner.bytes + bytes > max_bytes {
            return Queued::Full(fragment);
        }
        inner.bytes += bytes;
        let emptied = if exchange {
            inner.emptied.take(&fragment)
        } else {
            None
        };
        inner.fragments.push_back(fragment);
        let due = inner.fragments.len() >= WAKE_FRAGMENTS || inner.bytes >= WAKE_BYTES;
        let wake = due && !std::mem::replace(&mut inner.woken, true);
        Queued::Yes { emptied, wake }
    }

    /// Everything that waits, into an empty list, whose room is used for what comes next.
    pub(crate) fn take_into(&self, list: &mut VecDeque<Box<Fragment>>) {
        debug_assert!(list.is_empty());
        list.shrink_to(WAKE_FRAGMENTS);
        let mut inner = lock(&self.inner);
        inner.bytes = 0;
        inner.woken = false;
        std::mem::swap(&mut inner.fragments, list);
    }

    /// Everything that waits.
    #[cfg(test)]
    pub(crate) fn take(&self) -> VecDeque<Box<Fragment>> {
        let mut list = VecDeque::new();
        self.take_into(&mut list);
        list
    }

    /// Takes emptied fragments for those who push; leaves what there is no room for.
    pub(crate) fn give_back(&self, emptied: &mut Vec<Box<Fragment>>) {
        let mut inner = lock(&self.inner);
        if !inner.closed {
            inner.emptied.put(emptied);
        }
    }

    /// Emptied fragments that wait.
    #[cfg(all(test, tracer_loom))]
    pub(crate) fn emptied(&self) -> usize {
        lock(&self.inner).emptied.len()
    }

    /// Frees the emptied fragments that nobody has needed since the last time.
    pub(crate) fn trim(&self) {
        let surplus = lock(&self.inner).emptied.trim();
        drop(surplus);
    }

    /// Nothing is accepted from now on.
    pub(crate) fn close(&self) {
        let emptied = {
            let mut inner = lock(&self.inner);
            inner.closed = true;
            inner.emptied.clear()
        };
        drop(emptied);
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
            emptied: Emptied::new(),
            woken: false,
            closed: false,
        }
    }
}
