//! Kept traces on their way to the collector, and their emptied fragments on the way back: bounded by bytes and by
//! number, never waited for.

use std::collections::VecDeque;

use super::emptied::Emptied;
use super::fragment::Fragment;
use super::parcels::Parcels;
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
    parcels: Parcels,
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
        if inner.len() >= MAX_FRAGMENTS || inner.bytes + bytes > max_bytes {
            return Queued::Full(fragment);
        }
        inner.bytes += bytes;
        let emptied = if exchange {
            inner.emptied.take(&fragment)
        } else {
            None
        };
        inner.fragments.push_back(fragment);
        let wake = inner.is_due();
        Queued::Yes { emptied, wake }
    }

    /// Takes what a fragment holds, where that is little, and leaves the fragment; says whether it is time to wake the
    /// collector. `None`, and nothing done, where that is for [`Self::push`].
    #[inline]
    pub(crate) fn push_small(&self, fragment: &mut Fragment, max_bytes: usize) -> Option<bool> {
        let bytes = Parcels::bytes_of(fragment.len(), fragment.details.calls());
        let mut inner = lock(&self.inner);
        if inner.closed || inner.len() >= MAX_FRAGMENTS || inner.bytes + bytes > max_bytes {
            return None;
        }
        let after = inner.fragments.len() as u32;
        // The rest is for what must come as it is.
        if !inner.parcels.put(fragment, after, max_bytes / 4) {
            return None;
        }
        inner.bytes += bytes;
        Some(inner.is_due())
    }

    /// Everything that waits, into empty lists, whose room is used for what comes next.
    pub(crate) fn take_into(&self, waiting: &mut Waiting) {
        debug_assert!(waiting.fragments.is_empty() && waiting.parcels.len() == 0);
        waiting.fragments.shrink_to(WAKE_FRAGMENTS);
        let mut inner = lock(&self.inner);
        inner.bytes = 0;
        inner.woken = false;
        std::mem::swap(&mut inner.fragments, &mut waiting.fragments);
        std::mem::swap(&mut inner.parcels, &mut waiting.parcels);
    }

    /// Everything that waits.
    #[cfg(test)]
    pub(crate) fn take(&self) -> VecDeque<Box<Fragment>> {
        let (mut waiting, mut all) = (Waiting::new(), VecDeque::new());
        self.take_into(&mut waiting);
        let take = |fragment: &mut Fragment| {
            all.push_back(Box::new(std::mem::replace(fragment, Fragment::new())));
        };
        waiting.each(true, take, drop);
        all
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
        (inner.len(), inner.bytes)
    }
}

/// What has waited.
#[derive(Debug)]
pub(crate) struct Waiting {
    fragments: VecDeque<Box<Fragment>>,
    parcels: Parcels,
    /// What small traces are unpacked into.
    fragment: Box<Fragment>,
}

impl Waiting {
    pub(crate) fn new() -> Self {
        Self {
            fragments: VecDeque::new(),
            parcels: Parcels::new(),
            fragment: Box::new(Fragment::new()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fragments.is_empty() && self.parcels.len() == 0
    }

    /// Shows all traces in their order, and takes them out; the fragments of those that came in one go to `seen`. `read`:
    /// whether anybody looks at what spans say.
    pub(crate) fn each(
        &mut self,
        read: bool,
        mut see: impl FnMut(&mut Fragment),
        mut seen: impl FnMut(Box<Fragment>),
    ) {
        let came = self.parcels.len();
        let mut parcels = self.parcels.unpack();
        let mut before = 0;
        loop {
            while parcels.next_into(&mut self.fragment, before, read) {
                see(&mut self.fragment);
                self.fragment.reset_small();
            }
            let Some(mut next) = self.fragments.pop_front() else {
                break;
            };
            see(&mut next);
            seen(next);
            before += 1;
        }
        drop(parcels);
        self.parcels.trim(came);
    }
}

impl Inner {
    fn len(&self) -> usize {
        self.fragments.len() + self.parcels.len()
    }

    /// Whether it is time to wake the collector; said once until it comes.
    fn is_due(&mut self) -> bool {
        let due = self.len() >= WAKE_FRAGMENTS || self.bytes >= WAKE_BYTES;
        due && !std::mem::replace(&mut self.woken, true)
    }

    const fn new() -> Self {
        Self {
            fragments: VecDeque::new(),
            parcels: Parcels::new(),
            bytes: 0,
            emptied: Emptied::new(),
            woken: false,
            closed: false,
        }
    }
}
