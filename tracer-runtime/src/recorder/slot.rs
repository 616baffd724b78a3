//! Where the tasks of one trace meet: a slab of type-stable slots.
//!
//! A root takes a slot when a context first leaves it. The slot's state is one atomic word, generation and reference
//! count together, so that a stale handle cannot slip in between a check and its use. Slots are never freed; their
//! number follows the peak of traces that are shared at one time.

use std::sync::{Arc, LazyLock};

use super::fragment::Fragment;
use super::pipeline::Tether;
use crate::context::Carried;
use crate::sync::atomic::{AtomicU64, Ordering::*};
use crate::sync::{Mutex, lock};

/// Bytes of ended tasks that wait for the root of their trace.
pub(crate) const MAX_WAITING_BYTES: usize = if cfg!(miri) { 16 << 10 } else { 1 << 20 };
/// How long they wait. Under Miri, where everything takes long, as long as it takes.
pub(crate) const MAX_WAITING_SECONDS: u64 = if cfg!(miri) { 3600 } else { 10 };
/// What a trace takes along in its contexts: as many different sets of it as a trace of any sense has.
const MAX_CARRIED: usize = 64;
/// How long after the first one others may join its fragment: below a second, whatever a tick lasts.
const MAX_ABSORBING_TICKS: u64 = 1 << 29;

/// Shared by the tasks of one trace.
#[derive(Debug)]
pub(crate) struct Slot {
    home: &'static Slab,
    /// Generation in the upper half, references in the lower; no references: nobody but the slab knows the slot.
    state: AtomicU64,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Of the root, once it has ended.
    verdict: Option<bool>,
    waiting: Vec<Waiting>,
    bytes: usize,
    /// The private pipeline of the trace.
    pipe: Option<Tether>,
    /// What contexts of the trace take along, by number from 1.
    carried: Vec<(u32, Arc<Carried>)>,
}

#[derive(Debug)]
struct Waiting {
    fragment: Box<Fragment>,
    /// In ticks.
    since: u64,
}

/// Names a slot as it is now; `Copy`, counts for nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handle {
    slot: &'static Slot,
    generation: u32,
}

/// Keeps a slot from being used for another trace.
#[derive(Debug)]
pub(crate) struct SlotRef(Handle);

/// References to a slot, taken many at a time: each costs an atomic otherwise, when it is taken and when it is given back.
#[derive(Debug)]
pub(crate) struct Stock {
    of: Handle,
    left: u32,
}

/// References of a [`Stock`] that are taken at once.
const STOCK: u32 = if cfg!(tracer_loom) { 2 } else { 64 };

/// Where an ended task's fragment goes.
#[derive(Debug)]
pub(crate) enum Joined {
    /// It waits for the root.
    Waits,
    /// Its records wait, in the fragment of another task; what is left can be used again.
    Absorbed(Box<Fragment>),
    /// The root has ended with this verdict.
    Verdict(Box<Fragment>, bool),
    /// Nobody will decide for it, or nothing more may wait.
    OnItsOwn(Box<Fragment>),
}

/// The slots that no trace uses, and all of them.
#[derive(Debug, Default)]
pub(crate) struct Slab(Mutex<Slots>);

#[derive(Debug, Default)]
struct Slots {
    free: Vec<&'static Slot>,
    all: Vec<&'static Slot>,
}

/// The process's slots.
pub(crate) static SLAB: LazyLock<Slab> = LazyLock::new(Slab::default);

impl Slab {
    /// A slot for a trace that a context leaves; the root holds the first reference.
    pub(crate) fn open(&'static self, pipe: Option<Tether>) -> Handle {
        let slot = {
            let mut slots = lock(&self.0);
            slots.free.pop().unwrap_or_else(|| {
                let fresh: &'static Slot = Box::leak(Box::new(Slot::new(self)));
                slots.all.push(fresh);
                fresh
            })
        };
        slot.open(pipe)
    }

    /// Takes back a slot that the last reference has left.
    fn close(&self, slot: &'static Slot) {
        lock(&self.0).free.push(slot);
    }

    /// Takes out fragments that have waited since before `oldest`, to be judged by themselves.
    pub(crate) fn overdue(&self, oldest: u64) -> Vec<Box<Fragment>> {
        let all = {
            let slots = lock(&self.0);
            if slots.free.len() == slots.all.len() {
                // An idle process looks at nothing, however many slots its busiest moment has left.
                return Vec::new();
            }
            slots.all.clone()
        };
        all.iter()
            .filter(|slot| slot.state.load(Relaxed) as u32 > 0)
            .flat_map(|slot| slot.take_waiting_since(oldest))
            .collect()
    }

    /// Slots there are, in use or not.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.0).all.len()
    }

    /// Slots that no trace uses.
    #[cfg(all(test, tracer_loom))]
    pub(crate) fn free(&self) -> usize {
        lock(&self.0).free.len()
    }
}

impl Slot {
    fn new(home: &'static Slab) -> Self {
        Self {
            home,
            state: AtomicU64::new(1 << 32),
            shared: Mutex::default(),
        }
    }

    fn open(&'static self, pipe: Option<Tether>) -> Handle {
        {
            let mut shared = lock(&self.shared);
            shared.verdict = None;
            shared.bytes = 0;
            shared.pipe = pipe;
            shared.carried.clear();
        }
        let generation = (self.state.load(Acquire) >> 32) as u32;
        self.state.store((u64::from(generation) << 32) | 1, Release);
        Handle {
            slot: self,
            generation,
        }
    }

    /// Gives references back; true for the last, after which the slot has a new generation.
    fn release(&self, references: u32) -> bool {
        let before = self.state.fetch_sub(references.into(), AcqRel);
        let last = before as u32 == references;
        if last {
            self.state
                .store((before >> 32).wrapping_add(1) << 32, Release);
        }
        last
    }

    fn take_waiting_since(&self, oldest: u64) -> Vec<Box<Fragment>> {
        let mut shared = lock(&self.shared);
        let (overdue, waiting): (Vec<_>, Vec<_>) =
            shared.waiting.drain(..).partition(|w| w.since < oldest);
        shared.waiting = waiting;
        shared.bytes = shared.waiting.iter().map(|w| w.fragment.bytes()).sum();
        overdue.into_iter().map(|w| w.fragment).collect()
    }
}

impl Handle {
    /// A counted reference, if the slot still serves the same trace.
    pub(crate) fn upgrade(self) -> Option<SlotRef> {
        self.count(1).then_some(self).map(SlotRef)
    }

    /// Counts references more, if the slot still serves the same trace.
    fn count(self, references: u32) -> bool {
        // Half of the numbers are left for those that come before they are counted, as in `Arc`.
        let counted = 1..u32::MAX / 2;
        let same = |state: u64| {
            (state >> 32) as u32 == self.generation && counted.contains(&(state as u32))
        };
        let counted = self.slot.state.fetch_update(AcqRel, Acquire, |state| {
            same(state).then_some(state + u64::from(references))
        });
        counted.is_ok()
    }

    fn is(self, other: Self) -> bool {
        std::ptr::eq(self.slot, other.slot) && self.generation == other.generation
    }

    /// The verdict of the root, and what waited for it. The root's reference stays.
    pub(crate) fn decide(
        self,
        own: bool,
        wanted: impl Fn(&Fragment) -> bool,
    ) -> (bool, Vec<Box<Fragment>>) {
        let (verdict, waiting) = {
            let mut shared = lock(&self.slot.shared);
            let verdict = own || shared.waiting.iter().any(|w| wanted(&w.fragment));
            shared.verdict = Some(verdict);
            shared.bytes = 0;
            (verdict, std::mem::take(&mut shared.waiting))
        };
        (verdict, waiting.into_iter().map(|w| w.fragment).collect())
    }

    /// Keeps what a context takes along, for whoever has the context; its number. The oldest goes when there are too many.
    pub(crate) fn carry(self, carried: &Arc<Carried>) -> u32 {
        let mut shared = lock(&self.slot.shared);
        let known = &mut shared.carried;
        if let Some((number, _)) = known.iter().find(|(_, known)| Arc::ptr_eq(known, carried)) {
            return *number;
        }
        let number = known
            .last()
            .map_or(1, |(last, _)| last.wrapping_add(1).max(1));
        if known.len() >= MAX_CARRIED {
            known.remove(0);
        }
        known.push((number, Arc::clone(carried)));
        number
    }

    /// Those that wait now, without a verdict for those that come later.
    pub(crate) fn take_waiting(self) -> Vec<Box<Fragment>> {
        self.slot.take_waiting_since(u64::MAX)
    }

    /// Gives the root's reference back.
    pub(crate) fn release(self) {
        // The tasks that still run hold the pipeline themselves, and what their trace takes along.
        let mut shared = lock(&self.slot.shared);
        shared.pipe = None;
        let carried = std::mem::take(&mut shared.carried);
        drop(shared);
        drop(carried);
        self.give_back(1);
    }

    fn give_back(self, references: u32) {
        if self.slot.release(references) {
            self.slot.home.close(self.slot);
        }
    }
}

impl SlotRef {
    pub(crate) fn handle(&self) -> Handle {
        self.0
    }

    /// The private pipeline of the trace, while its root runs.
    pub(crate) fn pipe(&self) -> Option<Tether> {
        lock(&self.0.slot.shared).pipe.clone()
    }

    /// What a context has taken along.
    pub(crate) fn carried(&self, number: u32) -> Option<Arc<Carried>> {
        let shared = lock(&self.0.slot.shared);
        let known = shared.carried.iter().find(|(known, _)| *known == number);
        known.map(|(_, carried)| Arc::clone(carried))
    }

    /// Hands the fragment of an ended task to its trace.
    pub(crate) fn join(self, mut fragment: Box<Fragment>, now: u64) -> Joined {
        let mut shared = lock(&self.0.slot.shared);
        if let Some(verdict) = shared.verdict {
            return Joined::Verdict(fragment, verdict);
        }
        if let Some(last) = shared.waiting.last_mut()
            && now.saturating_sub(last.since) < MAX_ABSORBING_TICKS
            && last.fragment.absorb(&mut fragment)
        {
            return Joined::Absorbed(fragment);
        }
        let bytes = fragment.bytes();
        if shared.bytes + bytes > MAX_WAITING_BYTES {
            return Joined::OnItsOwn(fragment);
        }
        shared.bytes += bytes;
        shared.waiting.push(Waiting {
            fragment,
            since: now,
        });
        Joined::Waits
    }
}

impl Drop for SlotRef {
    fn drop(&mut self) {
        self.0.give_back(1);
    }
}

impl Stock {
    /// A reference to the slot, from the stock if it is one of it.
    #[inline]
    pub(crate) fn reference(stock: &mut Option<Self>, of: Handle) -> Option<SlotRef> {
        if let Some(stock) = stock
            && stock.left != 0
            && stock.of.is(of)
        {
            stock.left -= 1;
            return Some(SlotRef(of));
        }
        let taken = of.count(STOCK);
        *stock = taken.then_some(Self {
            of,
            left: STOCK - 1,
        });
        taken.then_some(SlotRef(of))
    }

    /// Takes a reference back, if it is to the slot of which it has others.
    #[inline]
    pub(crate) fn put_back(stock: &mut Option<Self>, reference: SlotRef) {
        if let Some(stock) = stock
            && stock.left < 2 * STOCK
            && stock.of.is(reference.0)
        {
            stock.left += 1;
            std::mem::forget(reference);
        }
    }
}

impl Drop for Stock {
    fn drop(&mut self) {
        if self.left != 0 {
            self.of.give_back(self.left);
        }
    }
}
