//! The system's allocator, which tells of all that it gives and takes back.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// To be the `#[global_allocator]`.
pub(crate) struct Observed {
    gives: fn(usize),
    takes: fn(usize),
}

impl Observed {
    /// Both are told the bytes, before it happens.
    pub(crate) const fn by(gives: fn(usize), takes: fn(usize)) -> Self {
        Self { gives, takes }
    }

    /// For [`live`] and [`peak`].
    pub(crate) const fn counting() -> Self {
        Self::by(
            |bytes| {
                let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
                PEAK.fetch_max(live, Relaxed);
            },
            |bytes| {
                LIVE.fetch_sub(bytes, Relaxed);
            },
        )
    }
}

// SAFETY: hands everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Observed {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        (self.gives)(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        (self.takes)(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Bytes in use.
pub(crate) fn live() -> usize {
    LIVE.load(Relaxed)
}

/// The most bytes that were ever in use.
pub(crate) fn peak() -> usize {
    PEAK.load(Relaxed)
}
