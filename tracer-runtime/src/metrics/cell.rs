//! The numbers of one function on one thread: written by plain stores of that thread, read by anybody.
//!
//! All of them only grow, so that any two readings make sense together: calls in flight are `started` less the sum of
//! the outcomes. A cell that a thread leaves behind goes on counting for the next one, see [`crate::threads`].

use std::array;
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use super::buckets::{self, NARROW, OWN, WIDE};
use super::shared::{Shared, carry};
use crate::callsite::Callsite;
use crate::record::CallOutcome;
use crate::recorder::reentrancy::Inside;
use crate::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::threads::{Adopted, Blocks};

/// The numbers of one callsite on one thread.
#[derive(Debug)]
pub(crate) struct Cell {
    started: AtomicU64,
    ended: [AtomicU64; CallOutcome::ALL.len()],
    /// Of the durations, in ticks, modulo 2^64.
    sum: AtomicU64,
    /// A [`Latest`], packed.
    latest: AtomicU64,
    pub(super) shared: &'static Shared,
    buckets: [AtomicU32; NARROW],
    /// The buckets beyond, from the first call on that takes so long: of many cells few see one.
    longer: OnceLock<Box<Longer>>,
}

type Longer = [AtomicU32; OWN - NARROW];

#[cfg(not(tracer_loom))]
const _: () = assert!(
    size_of::<Cell>() + size_of::<Longer>() <= 928,
    "with its place in the tables at most 1 KiB a callsite and thread"
);

/// The bucket of the latest call, and its count with that call; written to the bucket at the end of the next one.
///
/// A store to an address that depends on what the clock just said holds up the next reading of the clock, by 10 ns, as
/// long as the address takes to compute. This way the address has been known since the call before. A reader takes the
/// larger one of the two counts, so that it does not matter to it which call it is.
#[derive(Clone, Copy)]
struct Latest {
    slot: usize,
    count: u32,
}

impl Latest {
    /// No bucket waits for its count.
    const NONE: Self = Self {
        slot: NARROW,
        count: 0,
    };

    #[inline(always)]
    fn unpack(packed: u64) -> Self {
        Self {
            slot: (packed >> 32) as usize,
            count: packed as u32,
        }
    }

    #[inline(always)]
    fn pack(self) -> u64 {
        (self.slot as u64) << 32 | u64::from(self.count)
    }
}

/// The cells of one thread.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// Ordered by the callsites' ids.
    cells: Mutex<Vec<&'static Cell>>,
}

/// The right to write the cells of a block.
pub(crate) type CellBlock = Adopted<Cells>;

static BLOCKS: LazyLock<Blocks<Cells>> = LazyLock::new(Blocks::default);

/// A block for this thread. Under the re-entrancy flag only.
pub(crate) fn adopt() -> CellBlock {
    BLOCKS.adopt()
}

/// The cell for calls without a thread-local; written with `begin_shared` and `end_shared` only. Under the re-entrancy
/// flag only.
pub(crate) fn shared_cell(callsite: &'static Callsite) -> &'static Cell {
    // Makes the table visible to this thread, which `init` on another one filled.
    buckets::prepare();
    Shared::of(callsite).make_cell()
}

/// Every cell there is. A call that is seen to have ended, by a load-acquire, began in one of the cells of a later list.
pub(super) fn all() -> Vec<&'static Cell> {
    let mut all = Vec::new();
    for block in BLOCKS.all() {
        all.extend_from_slice(&block.lock());
    }
    let without_thread = Shared::all().into_iter();
    all.extend(without_thread.filter_map(Shared::cell));
    all
}

impl Cells {
    fn lock(&self) -> MutexGuard<'_, Vec<&'static Cell>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cell of a callsite, made at the first call. Slow, for once a thread and callsite; under the re-entrancy flag
    /// only.
    pub(crate) fn cell(&self, callsite: &'static Callsite) -> &'static Cell {
        buckets::prepare();
        let id = callsite.register();
        let mut cells = self.lock();
        match cells.binary_search_by_key(&id, |cell| cell.shared.callsite.id()) {
            Ok(found) => cells[found],
            Err(place) => {
                let cell = Box::leak(Box::new(Cell::new(Shared::of(callsite))));
                cells.insert(place, cell);
                cell
            }
        }
    }
}

/// One writer, so no read-modify-write is needed.
#[inline(always)]
fn add_alone(counter: &AtomicU64, n: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(n), Relaxed);
}

impl Cell {
    pub(super) fn new(shared: &'static Shared) -> Self {
        Self {
            started: AtomicU64::new(0),
            ended: array::from_fn(|_| AtomicU64::new(0)),
            sum: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            shared,
            buckets: array::from_fn(|_| AtomicU32::new(0)),
            longer: OnceLock::new(),
        }
    }

    /// A call begins. Only on the thread that has adopted the block.
    #[inline(always)]
    pub(crate) fn begin(&self) {
        add_alone(&self.started, 1);
    }

    /// A call that began on this or any other thread has ended; `duration` in ticks. Only on the thread that has
    /// adopted the block.
    pub(crate) fn end(&self, outcome: CallOutcome, duration: u64) {
        if self.add(duration).is_none() {
            self.settle();
            self.add_beyond(duration);
        }
        self.count_end(outcome);
    }

    /// [`Self::end`] for the outcome of nearly every call.
    #[inline(always)]
    pub(crate) fn end_ok(&self, duration: u64) {
        match self.add(duration) {
            Some(()) => self.count_end(CallOutcome::Ok),
            None => self.end_ok_slow(duration),
        }
    }

    #[cold]
    #[inline(never)]
    fn end_ok_slow(&self, duration: u64) {
        self.end(CallOutcome::Ok, duration);
    }

    /// Adds to the histogram; `None`, and nothing done that anybody sees, where something does not fit.
    #[inline(always)]
    fn add(&self, duration: u64) -> Option<()> {
        let before = Latest::unpack(self.latest.load(Relaxed));
        self.buckets.get(before.slot)?.store(before.count, Relaxed);
        let sum = self.sum.load(Relaxed).checked_add(duration)?;
        let slot = buckets::slot(duration);
        let count = self.buckets.get(slot)?.load(Relaxed).checked_add(1)?;
        // Release: whoever sees it sees the bucket of the one before.
        self.latest.store(Latest { slot, count }.pack(), Release);
        self.sum.store(sum, Relaxed);
        Some(())
    }

    /// Writes the latest call to its bucket and forgets it.
    fn settle(&self) {
        let latest = Latest::unpack(self.latest.load(Relaxed));
        if let Some(bucket) = self.buckets.get(latest.slot) {
            bucket.store(latest.count, Relaxed);
        }
        self.latest.store(Latest::NONE.pack(), Release);
    }

    #[inline(always)]
    fn count_end(&self, outcome: CallOutcome) {
        let ended = &self.ended[outcome as usize];
        // Release: whoever sees this end sees its start, and its bucket. Costs nothing on x86.
        ended.store(ended.load(Relaxed).wrapping_add(1), Release);
    }

    /// What `end` does to the histogram where something does not fit, or the call took long.
    #[cold]
    #[inline(never)]
    fn add_beyond(&self, duration: u64) {
        let slot = buckets::wide_slot(duration);
        let bucket = self.own_bucket(slot);
        let (sum, wraps) = self.sum.load(Relaxed).overflowing_add(duration);
        let count = bucket.and_then(|bucket| bucket.load(Relaxed).checked_add(1));
        if let (Some(bucket), Some(count), false) = (bucket, count, wraps) {
            self.sum.store(sum, Relaxed);
            return self.set_bucket(slot, bucket, count);
        }
        let Some(wide) = self.shared.make_wide() else {
            let sum = self.sum.load(Relaxed).saturating_add(duration);
            self.sum.store(sum, Relaxed);
            return self.add_to_highest();
        };
        if wraps {
            carry(|| {
                self.sum.store(sum, Relaxed);
                wide.sum_wraps.fetch_add(1, Relaxed);
            });
        } else {
            self.sum.store(sum, Relaxed);
        }
        match (bucket, count) {
            (None, _) => {
                wide.buckets[slot].fetch_add(1, Relaxed);
            }
            (Some(bucket), None) => carry(|| {
                bucket.store(0, Relaxed);
                wide.buckets[slot].fetch_add(1 << 32, Relaxed);
            }),
            (Some(bucket), Some(count)) => self.set_bucket(slot, bucket, count),
        }
    }

    fn set_bucket(&self, slot: usize, bucket: &AtomicU32, count: u32) {
        bucket.store(count, Relaxed);
        if slot < NARROW {
            self.latest.store(Latest { slot, count }.pack(), Release);
        }
    }

    /// `None` for the slots of the wide histogram, and where this thread is inside the recorder and may not allocate.
    fn own_bucket(&self, slot: usize) -> Option<&AtomicU32> {
        let Some(beyond) = slot.checked_sub(NARROW) else {
            return self.buckets.get(slot);
        };
        if slot < OWN && self.longer.get().is_none() {
            let _inside = Inside::enter()?;
            let _ = self
                .longer
                .set(Box::new(array::from_fn(|_| AtomicU32::new(0))));
        }
        self.longer.get()?.get(beyond)
    }

    /// For the one case that the wide histogram is needed and cannot be made: keeps the count exact, not the bucket.
    fn add_to_highest(&self) {
        let mut from_above = self.buckets.iter().rev();
        if let Some(bucket) = from_above.find(|bucket| bucket.load(Relaxed) != u32::MAX) {
            bucket.store(bucket.load(Relaxed) + 1, Relaxed);
        }
    }

    /// A call begins on a thread that has no block, of a shared cell.
    pub(crate) fn begin_shared(&self) {
        self.started.fetch_add(1, Relaxed);
    }

    /// A call has ended on a thread that has no block, of a shared cell. The sum wraps after years of such calls.
    pub(crate) fn end_shared(&self, outcome: CallOutcome, duration: u64) {
        match self.shared.make_wide() {
            Some(wide) => {
                wide.buckets[buckets::wide_slot(duration)].fetch_add(1, Relaxed);
            }
            None => {
                let slot = buckets::slot(duration).min(NARROW - 1);
                self.buckets[slot].fetch_add(1, Relaxed);
            }
        }
        self.sum.fetch_add(duration, Relaxed);
        self.ended[outcome as usize].fetch_add(1, Release);
    }

    #[cfg(test)]
    pub(super) fn is_longer(&self) -> bool {
        self.longer.get().is_some()
    }

    #[cfg(test)]
    pub(super) fn fill_bucket_for_tests(&self, duration: u64) {
        self.settle();
        let bucket = self.own_bucket(buckets::wide_slot(duration));
        bucket
            .into_iter()
            .for_each(|bucket| bucket.store(u32::MAX, Relaxed));
    }

    // === reading ===

    pub(super) fn started(&self) -> u64 {
        self.started.load(Relaxed)
    }

    /// Calls begun here less calls ended here; below 0 where calls end that began on other threads.
    ///
    /// The calls that begin and end between the two loads would seem to be in flight, so it is tried again when there
    /// were any.
    pub(super) fn open(&self) -> i64 {
        const ATTEMPTS: usize = 8;
        let total = || {
            self.ended()
                .iter()
                .fold(0, |sum: u64, &n| sum.wrapping_add(n))
        };
        let mut ended = total();
        let mut open = 0;
        for _ in 0..ATTEMPTS {
            open = self.started().wrapping_sub(ended) as i64;
            let ended_since = std::mem::replace(&mut ended, total());
            if ended == ended_since {
                break;
            }
        }
        open
    }

    /// By outcome. The starts and buckets of these calls are seen by any load that follows.
    pub(super) fn ended(&self) -> [u64; CallOutcome::ALL.len()] {
        CallOutcome::ALL.map(|outcome| self.ended[outcome as usize].load(Acquire))
    }

    /// Adds the cell's histogram to `counts` and returns its sum of ticks.
    pub(super) fn add_to(&self, counts: &mut [u64; WIDE]) -> u64 {
        // Before the buckets, so that whatever is missing there is here.
        let latest = Latest::unpack(self.latest.load(Acquire));
        for (slot, (count, bucket)) in counts.iter_mut().zip(&self.buckets).enumerate() {
            let in_bucket = bucket.load(Relaxed);
            *count += u64::from(match slot == latest.slot {
                true => in_bucket.max(latest.count),
                false => in_bucket,
            });
        }
        let longer = self
            .longer
            .get()
            .into_iter()
            .flat_map(|longer| longer.iter());
        for (count, bucket) in counts[NARROW..].iter_mut().zip(longer) {
            *count += u64::from(bucket.load(Relaxed));
        }
        self.sum.load(Relaxed)
    }
}

#[cfg(all(test, tracer_loom))]
mod models {
    use loom::thread;

    use super::*;

    static SITE: Callsite = Callsite::new("model", "model", "cell");

    fn cell() -> &'static Cell {
        Box::leak(Box::new(Cell::new(Shared::of(&SITE))))
    }

    #[test]
    fn no_reader_sees_a_call_end_that_has_not_begun() {
        buckets::prepare();
        loom::model(|| {
            let cells = [cell(), cell()];
            // The call moves to another thread before it ends.
            let begins = thread::spawn(move || {
                cells[0].begin();
                thread::spawn(move || cells[1].end(CallOutcome::Ok, 1))
            });
            let ended: u64 = cells.iter().flat_map(|cell| cell.ended()).sum();
            let started: u64 = cells.iter().map(|cell| cell.started()).sum();
            assert!(ended <= started);
            begins.join().unwrap().join().unwrap();
        });
    }
}
