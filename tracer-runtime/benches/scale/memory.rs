//! What the metric cells of many callsites on many threads hold.

use crate::programs::{call_at, make_callsites};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static COUNTS: AtomicBool = AtomicBool::new(false);

/// The system's allocator; knows how many bytes are in use, where asked to.
pub(crate) struct Counting;

fn add(bytes: usize) {
    if COUNTS.load(Relaxed) {
        LIVE.fetch_add(bytes, Relaxed);
    }
}

fn subtract(bytes: usize) {
    if COUNTS.load(Relaxed) {
        LIVE.fetch_sub(bytes, Relaxed);
    }
}

#[allow(unsafe_code, reason = "an allocator")]
// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        subtract(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        subtract(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Calls every callsite on every thread and prints what that has left allocated, tables included.
pub(crate) fn cells(callsites: usize, threads: usize) {
    const CALLS: usize = 10;
    let sites = make_callsites(callsites);
    let steps = [(); 4].map(|()| Barrier::new(threads + 1));
    let [begun, begin, end, stop] = &steps;
    let bytes = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                begun.wait();
                begin.wait();
                (0..CALLS).for_each(|_| sites.iter().for_each(call_at));
                end.wait();
                stop.wait();
            });
        }
        begun.wait();
        COUNTS.store(true, Relaxed);
        begin.wait();
        end.wait();
        COUNTS.store(false, Relaxed);
        stop.wait();
        LIVE.load(Relaxed)
    });
    let mib = bytes as f64 / (1 << 20) as f64;
    println!("memory cells{callsites}x{threads} {mib:.1} MiB");
}
