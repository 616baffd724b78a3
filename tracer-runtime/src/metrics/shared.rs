//! What the threads that call one function share: counts that no thread's own cell has room for.
//!
//! A cell counts in 32 bits and up to a second, to stay within its kibibyte. Longer calls are counted here, and so is
//! a full 32-bit bucket, 2^32 calls at a time.

use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::buckets::WIDE;
use super::cell::Cell;
use crate::callsite::Callsite;
use crate::recorder::reentrancy::Inside;

/// The shared numbers of one callsite; made at its first call, never freed.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) callsite: &'static Callsite,
    wide: OnceLock<Box<Wide>>,
    /// For calls without a thread-local.
    cell: OnceLock<Box<Cell>>,
}

/// A histogram that any thread adds to.
#[derive(Debug)]
pub(super) struct Wide {
    pub(super) buckets: [AtomicU64; WIDE],
    /// How often the sum of a cell has outgrown 64 bits.
    pub(super) sum_wraps: AtomicU64,
}

/// Ordered by the callsites' ids.
static ALL: Mutex<Vec<&'static Shared>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<&'static Shared>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Under the re-entrancy flag only: it locks and allocates.
    pub(super) fn of(callsite: &'static Callsite) -> &'static Self {
        let id = callsite.register();
        let mut all = lock();
        match all.binary_search_by_key(&id, |shared| shared.callsite.id()) {
            Ok(found) => all[found],
            Err(place) => {
                let shared: &'static Self = Box::leak(Box::new(Self {
                    callsite,
                    wide: OnceLock::new(),
                    cell: OnceLock::new(),
                }));
                all.insert(place, shared);
                shared
            }
        }
    }

    /// Those of every callsite that was ever called.
    pub(super) fn all() -> Vec<&'static Self> {
        lock().clone()
    }

    pub(super) fn wide(&self) -> Option<&Wide> {
        self.wide.get().map(|wide| &**wide)
    }

    /// Makes the wide histogram if there is none; `None` if this thread is inside the recorder and may not allocate.
    pub(super) fn make_wide(&self) -> Option<&Wide> {
        if self.wide.get().is_none() {
            let _inside = Inside::enter()?;
            // `set`, not `get_or_init`: whoever comes second must not wait for an allocator.
            let _ = self.wide.set(Box::new(Wide::new()));
        }
        self.wide()
    }

    /// The cell for calls without a thread-local. Under the re-entrancy flag only.
    pub(super) fn make_cell(&'static self) -> &'static Cell {
        if self.wide.get().is_none() {
            let _ = self.wide.set(Box::new(Wide::new()));
        }
        if let Some(cell) = self.cell.get() {
            return cell;
        }
        let cell = Box::new(Cell::new(self));
        self.cell.get_or_init(|| cell)
    }

    pub(super) fn cell(&self) -> Option<&Cell> {
        self.cell.get().map(|cell| &**cell)
    }
}

impl Wide {
    fn new() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; WIDE],
            sum_wraps: AtomicU64::new(0),
        }
    }

    /// Adds the histogram to `counts` and returns how many times 2^64 ticks are missing from the sums of the cells.
    pub(super) fn add_to(&self, counts: &mut [u64; WIDE]) -> u64 {
        for (count, bucket) in counts.iter_mut().zip(&self.buckets) {
            *count += bucket.load(Relaxed);
        }
        self.sum_wraps.load(Relaxed)
    }
}

static CARRIES_BEGUN: AtomicU64 = AtomicU64::new(0);
static CARRIES_DONE: AtomicU64 = AtomicU64::new(0);

/// Moves a count from a cell to the wide histogram, such that [`consistently`] sees it in exactly one of them.
pub(super) fn carry(step: impl FnOnce()) {
    CARRIES_BEGUN.fetch_add(1, Relaxed);
    // With the fence of the reader: whoever sees a store of `step` sees that it has begun.
    fence(Release);
    step();
    CARRIES_DONE.fetch_add(1, Release);
}

/// Reads until no carry came in between; they are so rare that once is nearly always enough.
pub(super) fn consistently<T>(mut read: impl FnMut() -> T) -> T {
    loop {
        let done = CARRIES_DONE.load(Acquire);
        if CARRIES_BEGUN.load(Relaxed) == done {
            let value = read();
            fence(Acquire);
            if CARRIES_BEGUN.load(Relaxed) == done {
                return value;
            }
        }
        std::thread::yield_now();
    }
}
