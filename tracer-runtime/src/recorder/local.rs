//! The thread's side of the recorder: the current ids, the active fragment, and what is suspended below it.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::account::{DropReason, Tally};
use super::budget::{Allowance, CHUNK_BYTES, Chunk, SMALL_CHUNK_RECORDS};
use super::fragment::{Fragment, Pushed};
use super::pipeline::GLOBAL;
use super::reentrancy::Inside;
use super::slot::SLAB;
use super::{slot, special, verdict};
use crate::callsite::Callsite;
use crate::id::{self, SpanId, TraceId};
use crate::metrics;
use crate::record::{Failure, SpanRecord};
use crate::threads::{Adopted, Blocks};

/// Callsites on one page of the cell table: few, as a thread pays for whole pages.
const PAGE: usize = 16;
/// Pages; the cells of callsites beyond are looked up anew at each call.
const PAGES: usize = 512;
/// Roots inside each other on one thread.
pub(crate) const MAX_DEPTH: usize = 512;
/// What a thread keeps for its next traces.
const POOL_BYTES: usize = 28 << 10;
/// Fragments of tasks that a thread keeps.
const POOL_TASKS: usize = 16;
/// All that a thread keeps when nothing runs on it: the pools, and the next root's fragment.
const THREAD_BYTES: usize = POOL_BYTES
    + POOL_TASKS * (size_of::<Fragment>() + SMALL_CHUNK_RECORDS * size_of::<SpanRecord>())
    + size_of::<Fragment>()
    + CHUNK_BYTES;
/// Places for suspended traces that a thread keeps.
const SPARE_PLACES: usize = 32;

type Page = Box<[Cell<Option<&'static metrics::Cell>>; PAGE]>;

/// See the module.
pub(crate) struct Local {
    /// Id of the active fragment, 0 for none.
    pub(crate) fragment_id: Cell<u64>,
    /// Innermost open span.
    pub(crate) span: Cell<SpanId>,
    pub(crate) trace: Cell<TraceId>,
    random: Cell<u64>,
    /// Taken out while it is written to.
    active: Cell<Option<Box<Fragment>>>,
    below: RefCell<Vec<Below>>,
    depth: Cell<u32>,
    pages: [OnceCell<Page>; PAGES],
    cells: OnceCell<metrics::CellBlock>,
    discards: OnceCell<Membership>,
    /// The next root's fragment.
    spare: Cell<Option<Box<Fragment>>>,
    pool: RefCell<Pool>,
}

/// A trace that was active when a root or task opened inside it.
struct Below {
    fragment: Option<Box<Fragment>>,
    fragment_id: u64,
    span: SpanId,
    trace: TraceId,
}

#[derive(Default)]
struct Pool {
    chunks: Vec<Chunk>,
    fragments: Vec<Box<Fragment>>,
    /// Fragments of tasks: no chunk, or a small one.
    tasks: Vec<Box<Fragment>>,
}

impl Pool {
    const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            fragments: Vec::new(),
            tasks: Vec::new(),
        }
    }

    fn has_room(&self) -> bool {
        let fragments = self.fragments.len() + 1;
        (self.chunks.len() + fragments) * CHUNK_BYTES + fragments * size_of::<Fragment>()
            <= POOL_BYTES
    }
}

/// What a thread has of the process once it has recorded.
struct Membership {
    discards: Adopted<Discards>,
    _pool: Allowance,
}

impl Membership {
    fn new() -> Self {
        Self {
            discards: DISCARDS.adopt(),
            _pool: Allowance::new(THREAD_BYTES),
        }
    }

    #[inline(always)]
    fn get(&self) -> &'static Discards {
        self.discards.get()
    }
}

/// What one thread has decided against; one writer.
#[derive(Debug, Default)]
pub(crate) struct Discards {
    records: AtomicU64,
    traces: AtomicU64,
}

static DISCARDS: LazyLock<Blocks<Discards>> = LazyLock::new(Blocks::default);

/// Records and traces that all threads have decided against.
pub(crate) fn discarded() -> (u64, u64) {
    let all = DISCARDS.all();
    (
        all.iter().map(|d| d.records.load(Relaxed)).sum(),
        all.iter().map(|d| d.traces.load(Relaxed)).sum(),
    )
}

const _: () = assert!(
    THREAD_BYTES + size_of::<Local>() + SPARE_PLACES * size_of::<Below>() <= 56 << 10,
    "with the unused places of 512 pages at most 64 KiB a thread, beside 1 KiB a callsite"
);

thread_local! {
    static LOCAL: Local = const { Local::new() };
}

/// Runs `f` with the thread's recorder; `None` in thread-local destructors after its own.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Local) -> R) -> Option<R> {
    LOCAL.try_with(f).ok()
}

impl Local {
    const fn new() -> Self {
        Self {
            fragment_id: Cell::new(0),
            span: Cell::new(SpanId::INVALID),
            trace: Cell::new(TraceId::INVALID),
            random: Cell::new(0),
            active: Cell::new(None),
            below: RefCell::new(Vec::new()),
            depth: Cell::new(0),
            pages: [const { OnceCell::new() }; PAGES],
            cells: OnceCell::new(),
            discards: OnceCell::new(),
            spare: Cell::new(None),
            pool: RefCell::new(Pool::new()),
        }
    }

    /// A number that is not 0.
    #[inline(always)]
    pub(crate) fn random(&self) -> u64 {
        let mut state = self.random.get();
        if state == 0 {
            state = id::seed();
        }
        let (state, number) = id::next_random(state);
        self.random.set(state);
        number
    }

    // === metric cells ===

    /// The cell of a callsite on this thread; `None` in a call from within the recorder.
    #[inline(always)]
    pub(crate) fn cell(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        let id = site.id() as usize;
        if let Some(page) = self.pages.get(id / PAGE).and_then(OnceCell::get) {
            let cell = page[id % PAGE].get();
            if cell.is_some() {
                return cell;
            }
        }
        self.cell_slow(site)
    }

    #[cold]
    #[inline(never)]
    fn cell_slow(&self, site: &'static Callsite) -> Option<&'static metrics::Cell> {
        let _inside = Inside::enter()?;
        let id = site.register() as usize;
        let cell = self.cells.get_or_init(metrics::adopt).get().cell(site);
        if let Some(page) = self.pages.get(id / PAGE) {
            let page = page.get_or_init(|| Box::new([const { Cell::new(None) }; PAGE]));
            page[id % PAGE].set(Some(cell));
        }
        Some(cell)
    }

    // === the active fragment ===

    #[inline(always)]
    pub(crate) fn put_active(&self, fragment: Box<Fragment>) {
        if let Some(stray) = self.active.replace(Some(fragment)) {
            lost(stray);
        }
    }

    /// A fragment for a trace that begins or goes on here; `None` in a call from within the recorder.
    #[inline(always)]
    pub(crate) fn fragment(&self, id: u64, trace: TraceId, sampled: bool) -> Option<Box<Fragment>> {
        let mut fragment = match self.spare.take() {
            Some(fragment) => fragment,
            None => self.pooled_fragment()?,
        };
        fragment.id = id;
        fragment.trace = trace;
        fragment.sampled = sampled;
        Some(fragment)
    }

    #[cold]
    #[inline(never)]
    fn pooled_fragment(&self) -> Option<Box<Fragment>> {
        let _inside = Inside::enter()?;
        self.discards.get_or_init(Membership::new);
        let pooled = self.pool.try_borrow_mut().ok()?.fragments.pop();
        Some(pooled.unwrap_or_else(|| Box::new(Fragment::new())))
    }

    /// A fragment for a task, which mostly has few records.
    pub(crate) fn task_fragment(&self) -> Option<Box<Fragment>> {
        let _inside = Inside::enter()?;
        self.discards.get_or_init(Membership::new);
        let pooled = self.pool.try_borrow_mut().ok()?.tasks.pop();
        Some(pooled.unwrap_or_else(|| Box::new(Fragment::new())))
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

    // === records ===

    /// Files the record of a span that ends in the fragment `id`; ends the fragment with its own span.
    #[inline(always)]
    pub(crate) fn record(&self, id: u64, mut record: SpanRecord, failure: Option<Box<Failure>>) {
        if self.fragment_id.get() != id {
            return self.record_elsewhere(id, record, failure);
        }
        let Some(mut fragment) = self.active.take() else {
            return lost_record(DropReason::Reentrant);
        };
        let seen = GLOBAL.policy.saw(record.outcome, record.duration);
        if seen != 0 || fragment.special || failure.is_some() {
            special::closing(self, &mut fragment, &mut record, seen, failure);
        }
        self.push(&mut fragment, record);
        if record.span.0 == id {
            self.active.set(Some(fragment));
            if let Some(fragment) = self.pop_top() {
                verdict::finish(Some(self), fragment);
            }
        } else {
            self.active.set(Some(fragment));
        }
    }

    #[inline(always)]
    pub(crate) fn push(&self, fragment: &mut Box<Fragment>, record: SpanRecord) {
        if fragment.push(record) == Pushed::Full {
            self.push_slow(fragment, record);
        }
    }

    #[cold]
    #[inline(never)]
    fn push_slow(&self, fragment: &mut Box<Fragment>, record: SpanRecord) {
        let Some(_inside) = Inside::enter() else {
            return fragment.account().dropped(DropReason::Reentrant, 1);
        };
        special::hand_over_if_due(fragment, record.start + record.duration);
        let chunk = || self.pool.try_borrow_mut().ok()?.chunks.pop();
        if fragment.grow(chunk) {
            fragment.push(record);
        }
    }

    /// The fragment is not the active one: the guard ended out of order, was held across an await, or leaked.
    #[cold]
    #[inline(never)]
    fn record_elsewhere(&self, id: u64, mut record: SpanRecord, failure: Option<Box<Failure>>) {
        let suspended = {
            let Ok(mut below) = self.below.try_borrow_mut() else {
                return lost_record(DropReason::Reentrant);
            };
            let index = below
                .iter()
                .position(|b| b.fragment_id == id && b.fragment.is_some());
            index.and_then(|index| {
                below[index]
                    .fragment
                    .take()
                    .map(|fragment| (index, fragment))
            })
        };
        let Some((index, mut fragment)) = suspended else {
            return lost_record(DropReason::Misnested);
        };
        let seen = GLOBAL.policy.saw(record.outcome, record.duration);
        special::closing(self, &mut fragment, &mut record, seen, failure);
        self.push(&mut fragment, record);
        let owner_ended = record.span.0 == id;
        let Ok(mut below) = self.below.try_borrow_mut() else {
            return lost(fragment);
        };
        if owner_ended {
            below.remove(index);
            self.depth.set(below.len() as u32);
            drop(below);
            verdict::finish(Some(self), fragment);
        } else if let Some(b) = below.get_mut(index) {
            b.fragment = Some(fragment);
        }
    }

    /// Takes a suspended fragment out of its place, wherever it is.
    pub(crate) fn remove_suspended(&self, id: u64) -> Option<Box<Fragment>> {
        let mut below = self.below.try_borrow_mut().ok()?;
        let index = below.iter().position(|b| b.fragment_id == id)?;
        let removed = below.remove(index);
        self.depth.set(below.len() as u32);
        removed.fragment
    }

    // === the end of a fragment ===

    #[inline(always)]
    pub(crate) fn count_discarded(&self, records: u64) {
        if let Some(discards) = self.discards.get() {
            let add = |n: &AtomicU64, by| n.store(n.load(Relaxed).wrapping_add(by), Relaxed);
            add(&discards.get().records, records);
            add(&discards.get().traces, 1);
        } else {
            GLOBAL.account.discarded(records);
        }
    }

    /// Keeps the room of a fragment for the next trace.
    #[inline(always)]
    pub(crate) fn recycle(&self, mut fragment: Box<Fragment>) {
        if fragment.is_plain() {
            fragment.reset_plain();
            if let Some(other) = self.spare.replace(Some(fragment)) {
                self.pool_fragment(other);
            }
        } else {
            self.recycle_slow(fragment);
        }
    }

    #[inline(never)]
    fn recycle_slow(&self, mut fragment: Box<Fragment>) {
        let _inside = Inside::enter();
        {
            let mut pool = self.pool.try_borrow_mut().ok();
            fragment.reset(|chunk| {
                if let Some(pool) = pool
                    .as_deref_mut()
                    .filter(|pool| chunk.is_full_size() && pool.has_room())
                {
                    pool.chunks.push(chunk);
                }
            });
        }
        self.pool_fragment(fragment);
    }

    #[inline(never)]
    fn pool_fragment(&self, fragment: Box<Fragment>) {
        let Ok(mut pool) = self.pool.try_borrow_mut() else {
            return;
        };
        if fragment.has_full_size_chunk() {
            if pool.has_room() {
                pool.fragments.push(fragment);
            }
        } else if pool.tasks.len() < POOL_TASKS {
            pool.tasks.push(fragment);
        }
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
                handle
            }),
        };
        let escaped = Escaped {
            handle,
            sampled: fragment.sampled,
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
}

/// What a context takes along.
pub(crate) struct Escaped {
    pub(crate) handle: Option<slot::Handle>,
    pub(crate) sampled: bool,
}

#[cold]
#[inline(never)]
fn lost(fragment: Box<Fragment>) {
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

/// Spans that are still open on a thread that ends go on without it.
impl Drop for Local {
    fn drop(&mut self) {
        let below = std::mem::take(self.below.get_mut());
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
        self.spare.take();
        *self.pool.get_mut() = Pool::new();
        self.cells.take();
        self.discards.take();
    }
}
