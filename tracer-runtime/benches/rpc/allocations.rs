//! Counts the allocations of a thread.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator, unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(place, layout, bytes) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Allocations of one of `calls` calls that `run` makes, after some to warm up.
pub(crate) fn a_call(calls: u64, mut run: impl FnMut()) -> f64 {
    (0..10).for_each(|_| run());
    let before = ALLOCATIONS.get();
    (0..10).for_each(|_| run());
    (ALLOCATIONS.get() - before) as f64 / (10 * calls) as f64
}

/// Allocations of this thread.
pub(crate) fn so_far() -> u64 {
    ALLOCATIONS.get()
}
