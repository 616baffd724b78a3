//! The thread's side of the recorder: the current ids, the active fragment, and what is suspended below it.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;

use super::account::{DropReason, Tally};
use super::fragment::Fragment;
use super::pipeline::GLOBAL;
use super::pool::{Discarded, Pool};
use super::reentrancy::Inside;
use super::slot::SLAB;
use super::{slot, verdict};
use crate::callsite::Callsite;
use crate::id::{self, SpanId, TraceId};
use crate::metrics;

/// Roots inside each other on one thread.
pub(crate) const MAX_DEPTH: usize = 512;
/// Callsites whose cells a thread finds without a detour; the cells of those that come later are on pages, as a thread
/// uses few of many.
const NEAR_CALLSITES: usize = 256;
/// Callsites on a page: few, as a thread pays for whole pages.
const PAGE: usize = 16;

type Page = [Option<&'static metrics::Cell>; PAGE];

/// Places for suspended traces that a thread keeps.
pub(super) const SPARE_PLACES: usize = 32;

/// See the module.
pub(crate) struct Local {
    phase: Cell<Phase>,
    /// Id of the active fragment, 0 for none.
    pub(crate) fragment_id: Cell<u64>,
    /// Innermost open span.
    pub(crate) span: Cell<SpanId>,
    pub(crate) trace: Cell<TraceId>,
    random: Cell<u64>,
    /// Tells the trace ids of this thread from those of one that has come to the same random numbers.
    key: Cell<u64>,
    /// Taken out while it is written to.
    pub(super) active: Cell<Option<Box<Fragment>>>,
    /// The next root's fragment.
    pub(super) spare: Cell<Option<Box<Fragment>>>,
    depth: Cell<u32>,
    pub(super) discarded: Discarded,
    /// By the callsites' ids; those of the callsites that were called first are nearest.
    cells: [Cell<Option<&'static metrics::Cell>>; NEAR_CALLSITES],
    far_cells: RefCell<Vec<Option<Box<Page>>>>,
    block: RefCell<Option<metrics::CellBlock>>,
    pub(super) below: RefCell<Vec<Below>>,
    pub(super) pool: RefCell<Pool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Open,
    /// The thread ends, or is just about to begin.
    Closed,
}

/// A trace that was active when a root or task opened inside it.
pub(super) struct Below {
    pub(super) fragment: Option<Box<Fragment>>,
    pub(super) fragment_id: u64,
    span: SpanId,
    trace: TraceId,
}

thread_local! {
    // Without a destructor, so that reaching it costs no check: `END` empties it.
    static LOCAL: ManuallyDrop<Local> = const { ManuallyDrop::new(Local::new()) };
    static END: End = const { End };
}

/// Closes the thread's recorder with the thread.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        LOCAL.with(|local| local.close());
    }
}

/// Runs `f` with the thread's recorder; `None` in thread-local destructors after its end.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Local) -> R) -> Option<R> {
    // `try_with`, here and below, because the compiler inlines it as a rule.
    let done = LOCAL.try_with(
        |local| match local.phase.get() == Phase::Open || local.open() {
            true => Some(f(local)),
            false => None,
        },
    );
    done.ok().flatten()
}

/// The thread's recorder for those who find out by what they miss that it is not open: nothing is active, no fragment
/// spare, no cell known.
///
/// Not a closure that gets it: whether the compiler inlines one hangs on what else there is.
#[inline(always)]
pub(crate) fn here() -> Option<Here> {
    LOCAL.try_with(|local| Here(NonNull::from(&**local))).ok()
}

/// See [`here`]. Stays on its thread.
pub(crate) struct Here(NonNull<Local>);

impl Deref for Here {
    type Target = Local;

    #[inline(always)]
    #[allow(unsafe_code, reason = "the thread-local itself, without a closure")]
    fn deref(&self) -> &Local {
        // SAFETY: `LOCAL` needs no initialisation and has no destructor, so it is there as long as its thread; and this
        // is its thread, as a pointer is not `Send`.
        unsafe { self.0.as_ref() }
    }
}

impl Local {
    const fn new() -> Self {
        Self {
            phase: Cell::new(Phase::New),
            fragment_id: Cell::new(0),
            span: Cell::new(SpanId::INVALID),
            trace: Cell::new(TraceId::INVALID),
            random: Cell::new(0),
            key: Cell::new(0),
            active: Cell::new(None),
            spare: Cell::new(None),
            depth: Cell::new(0),
            discarded: Discarded::new(),
            cells: [const { Cell::new(None) }; NEAR_CALLSITES],
            far_cells: RefCell::new(Vec::new()),
            block: RefCell::new(None),
            below: RefCell::new(Vec::new()),
            pool: RefCell::new(Pool::new()),
        }
    }

    /// The first time on a thread: makes sure that it is closed. False from its end on.
    #[cold]
    #[inline(never)]
    fn open(&self) -> bool {
        // To calls that come in meanwhile there is no recorder yet.
        if self.phase.replace(Phase::Closed) != Phase::New || END.try_with(|_| ()).is_err() {
            return false;
        }
        self.random.set(id::seed());
        self.key.set(id::seed());
        self.phase.set(Phase::Open);
        true
    }

    /// Spans that are still open on a thread that ends go on without it.
    fn close(&self) {
        self.phase.set(Phase::Closed);
        self.fragment_id.set(0);
        self.span.set(SpanId::INVALID);
        self.cells.iter().for_each(|cell| cell.set(None));
        let (cells, spare) = (self.far_cells.take(), self.spare.take());
        let below = self.below.take();
        let open = self
            .active
            .take()
            .into_iter()
            .chain(below.into_iter().filter_map(|b| b.fragment));
        for fragment in open {
            fragment.account().tally(Tally::Healed);
            verdict::finish(None, fragment);
        }
        // The rest gives memory back and takes locks.
        let _inside = Inside::enter();
        drop((cells, spare));
        self.pool.replace(Pool::new());
        self.block.take();
        self.discarded.close();
    }

    /// A number that is not 0.
    #[inline(always)]
    pub(crate) fn random(&self) -> u64 {
        let (state, number) = id::next_random(self.random.get());
        self.random.set(state);
        number
    }

    /// A trace id.
    #[inline(always)]
    pub(crate) fn random_trace(&self) -> TraceId {
        let (state, trace) = id::next_trace(self.random.get(), self.key.get());
        self.random.set(state);
        trace
    }

    // === metric cells ===

    /// The cell of a callsite on this thread; `None` in a call from within the recorder.
    #[inline(always)]
    pub(crate) fn cell(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        match self.known_cell(site) {
            Some(cell) => Some(cell),
            None => self.cell_slow(site),
        }
    }

    /// The cell of a callsite that has been called on this thread before.
    #[inline(always)]
    pub(super) fn known_cell(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        let id = site.id() as usize;
        if let Some(near) = self.cells.get(id) {
            return near.get();
        }
        let far = id - NEAR_CALLSITES;
        let pages = self.far_cells.try_borrow().ok()?;
        pages.get(far / PAGE)?.as_ref()?[far % PAGE]
    }

    #[cold]
    #[inline(never)]
    fn cell_slow(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        let _inside = Inside::enter()?;
        let id = site.register() as usize;
        let cell = {
            let mut block = self.block.try_borrow_mut().ok()?;
            block.get_or_insert_with(metrics::adopt).get().cell(site)
        };
        if let Some(near) = self.cells.get(id) {
            near.set(Some(cell));
            return Some(cell);
        }
        let far = id - NEAR_CALLSITES;
        let mut pages = self.far_cells.try_borrow_mut().ok()?;
        if pages.len() <= far / PAGE {
            pages.resize_with(far / PAGE + 1, || None);
        }
        pages[far / PAGE].get_or_insert_default()[far % PAGE] = Some(cell);
        Some(cell)
    }

    // === the active fragment ===

    #[inline(always)]
    pub(crate) fn put_active(&self, fragment: Box<Fragment>) {
        if let Some(stray) = self.active.replace(Some(fragment)) {
            lost(stray);
        }
    }

    /// Puts back what was taken out of there just before.
    #[inline(always)]
    pub(super) fn put_back(&self, fragment: Box<Fragment>) {
        // Nothing to drop, and no need to look.
        std::mem::forget(self.active.replace(Some(fragment)));
    }

    /// Makes a fragment the active one; what was active is suspended. Gives it back when too many are suspended already.
    #[inline(always)]
    pub(crate) fn push_top(
        &self,
        fragment: Box<Fragment>,
        span: SpanId,
    ) -> Result<(), Box<Fragment>> {
        if self.fragment_id.get() != 0 && !self.suspend() {
            return Err(fragment);
        }
        self.fragment_id.set(fragment.id);
        self.trace.set(fragment.trace);
        self.span.set(span);
        self.put_active(fragment);
        Ok(())
    }

    #[inline(never)]
    fn suspend(&self) -> bool {
        let Some(_inside) = Inside::enter() else {
            return false;
        };
        let Ok(mut below) = self.below.try_borrow_mut() else {
            return false;
        };
        if below.len() >= MAX_DEPTH {
            return false;
        }
        below.push(Below {
            fragment: self.active.take(),
            fragment_id: self.fragment_id.get(),
            span: self.span.get(),
            trace: self.trace.get(),
        });
        self.depth.set(below.len() as u32);
        true
    }

    /// Takes the active fragment off; what was suspended last goes on.
    #[inline(always)]
    pub(crate) fn pop_top(&self) -> Option<Box<Fragment>> {
        if self.depth.get() == 0 {
            self.fragment_id.set(0);
            self.span.set(SpanId::INVALID);
            return self.active.take();
        }
        self.resume_below()
    }

    #[inline(never)]
    fn resume_below(&self) -> Option<Box<Fragment>> {
        let top = self.active.take();
        let below = self.below.try_borrow_mut().ok().and_then(|mut below| {
            let next = below.pop();
            if below.is_empty() && below.capacity() > SPARE_PLACES {
                let _inside = Inside::enter();
                *below = Vec::new();
            }
            next
        });
        match below {
            Some(below) => {
                self.fragment_id.set(below.fragment_id);
                self.span.set(below.span);
                self.trace.set(below.trace);
                self.active.set(below.fragment);
            }
            None => {
                self.fragment_id.set(0);
                self.span.set(SpanId::INVALID);
            }
        }
        self.depth.set(self.depth.get().saturating_sub(1));
        top
    }

    #[inline(always)]
    pub(crate) fn depth(&self) -> u32 {
        self.depth.get()
    }

    /// Finishes what guards that leaked, or were carried off, left above `depth`, until `id` is on top again.
    ///
    /// Where `id` itself is below, `depth` does not count: guards further down may have ended in the meantime.
    #[cold]
    #[inline(never)]
    pub(crate) fn heal(&self, id: u64, depth: u32) {
        while self.fragment_id.get() != id
            && self.fragment_id.get() != 0
            && (self.depth.get() > depth || self.is_suspended(id))
        {
            if let Some(fragment) = self.pop_top() {
                fragment.account().tally(Tally::Healed);
                verdict::finish(Some(self), fragment);
            }
        }
    }

    fn is_suspended(&self, id: u64) -> bool {
        let below = self.below.try_borrow();
        below.is_ok_and(|below| below.iter().any(|b| b.fragment_id == id))
    }

    /// Takes a suspended fragment out of its place, wherever it is.
    pub(crate) fn remove_suspended(&self, id: u64) -> Option<Box<Fragment>> {
        let mut below = self.below.try_borrow_mut().ok()?;
        let index = below.iter().position(|b| b.fragment_id == id)?;
        let removed = below.remove(index);
        self.depth.set(below.len() as u32);
        removed.fragment
    }

    /// There are as many suspended as this list holds.
    pub(super) fn note_depth(&self, below: &[Below]) {
        self.depth.set(below.len() as u32);
    }

    /// Lets a context leave the active trace; `None` where nothing is active.
    pub(crate) fn escape(&self) -> Option<Escaped> {
        let mut fragment = self.active.take()?;
        let handle = match (&fragment.link, fragment.slot) {
            (Some(link), _) => Some(link.handle()),
            (None, Some(handle)) => Some(handle),
            (None, None) => Inside::enter().map(|_inside| {
                let handle = SLAB.open(fragment.pipe.clone());
                fragment.slot = Some(handle);
                fragment.plain = false;
                handle
            }),
        };
        let carried = match (handle, &fragment.carried) {
            (Some(handle), Some(carried)) => {
                Inside::enter().map_or(0, |_inside| handle.carry(carried))
            }
            _ => 0,
        };
        let escaped = Escaped {
            handle,
            sampled: fragment.sampled,
            random: fragment.random,
            carried,
        };
        self.put_active(fragment);
        Some(escaped)
    }

    /// Looks at the active fragment without changing what is active.
    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&mut Fragment) -> R) -> Option<R> {
        let mut fragment = self.active.take()?;
        let seen = look(&mut fragment);
        self.put_active(fragment);
        Some(seen)
    }

    /// [`Self::inspect`] for a suspended fragment.
    pub(crate) fn inspect_suspended<R>(
        &self,
        id: u64,
        look: impl FnOnce(&mut Fragment) -> R,
    ) -> Option<R> {
        let mut below = self.below.try_borrow_mut().ok()?;
        let place = below.iter_mut().find(|b| b.fragment_id == id)?;
        place.fragment.as_mut().map(|fragment| look(fragment))
    }
}

/// What a context takes along.
pub(crate) struct Escaped {
    pub(crate) handle: Option<slot::Handle>,
    pub(crate) sampled: bool,
    pub(crate) random: bool,
    /// By the handle's slot; 0 for nothing.
    pub(crate) carried: u32,
}

#[cold]
#[inline(never)]
pub(super) fn lost(fragment: Box<Fragment>) {
    let _inside = Inside::enter();
    fragment
        .account()
        .dropped(DropReason::Misnested, fragment.len() as u64);
}

/// Counts a record that found no fragment.
#[cold]
#[inline(never)]
pub(crate) fn lost_record(reason: DropReason) {
    match super::captures::here() {
        Some(capture) => capture.pipeline().account.dropped(reason, 1),
        None => GLOBAL.account.dropped(reason, 1),
    }
}
