//! The room that a thread keeps for its next traces, and the count of what it has decided against.

use std::cell::{Cell, RefCell};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::budget::{self, Allowance, CHUNK_BYTES, Chunk, SMALL_CHUNK_RECORDS};
use super::details::Room;
use super::fragment::Fragment;
use super::local::Local;
use super::pipeline::GLOBAL;
use super::reentrancy::Inside;
use super::suspended::{Below, SPARE_PLACES};
use crate::id::TraceId;
use crate::record::SpanRecord;
use crate::threads::{Adopted, Blocks};

/// What a thread keeps for its next traces.
const POOL_BYTES: usize = 28 << 10;
/// Fragments of tasks that a thread keeps.
const POOL_TASKS: usize = 16;
/// All that a thread keeps when nothing runs on it: the pools, and the next root's fragment.
const THREAD_BYTES: usize = POOL_BYTES
    + POOL_TASKS * (size_of::<Fragment>() + SMALL_CHUNK_RECORDS * size_of::<SpanRecord>())
    + size_of::<Fragment>()
    + CHUNK_BYTES;

const _: () = assert!(
    THREAD_BYTES + size_of::<Local>() + SPARE_PLACES * size_of::<Below>() <= 56 << 10,
    "with the list of the pages of the callsites beyond at most 64 KiB a thread, beside 1 KiB a callsite"
);

/// See the module.
#[derive(Default)]
pub(super) struct Pool {
    pub(super) chunks: Vec<Chunk>,
    fragments: Vec<Box<Fragment>>,
    /// Fragments of tasks: no chunk, or a small one.
    tasks: Vec<Box<Fragment>>,
    /// For what spans of other APIs say. Charged to the budget.
    room: Option<Room>,
}

impl Pool {
    pub(super) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            fragments: Vec::new(),
            tasks: Vec::new(),
            room: None,
        }
    }

    /// Keeps an empty chunk if there is room.
    #[inline(always)]
    fn offer(pool: Option<&mut Self>, chunk: Chunk) {
        if let Some(pool) = pool.filter(|pool| chunk.is_full_size() && pool.has_room()) {
            pool.chunks.push(chunk);
        }
    }

    fn has_room(&self) -> bool {
        let fragments = self.fragments.len() + 1;
        (self.chunks.len() + fragments) * CHUNK_BYTES + fragments * size_of::<Fragment>()
            <= POOL_BYTES
    }
}

/// What one thread has decided against; one writer.
#[derive(Debug, Default)]
struct Discards {
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

/// This thread's [`Discards`], from its first trace on.
pub(super) struct Discarded {
    mine: Cell<Option<&'static Discards>>,
    membership: RefCell<Option<Membership>>,
}

/// What a thread has of the process once it has recorded.
struct Membership {
    _discards: Adopted<Discards>,
    _pool: Allowance,
}

impl Discarded {
    pub(super) const fn new() -> Self {
        Self {
            mine: Cell::new(None),
            membership: RefCell::new(None),
        }
    }

    /// Under the re-entrancy flag only.
    fn join(&self) {
        if self.mine.get().is_some() {
            return;
        }
        let adopted = DISCARDS.adopt();
        self.mine.set(Some(adopted.get()));
        self.membership.replace(Some(Membership {
            _discards: adopted,
            _pool: Allowance::new(THREAD_BYTES),
        }));
    }

    /// Under the re-entrancy flag only.
    pub(super) fn close(&self) {
        self.mine.set(None);
        self.membership.take();
    }
}

impl Local {
    /// A fragment for a trace that begins or goes on here; `None` in a call from within the recorder.
    pub(crate) fn fragment(&self, id: u64, trace: TraceId, sampled: bool) -> Option<Box<Fragment>> {
        let mut fragment = match self.spare.take() {
            Some(fragment) => fragment,
            None => self.pooled_fragment()?,
        };
        fragment.id = id;
        fragment.trace = trace;
        fragment.sampled = sampled;
        fragment.plain = false;
        Some(fragment)
    }

    #[cold]
    #[inline(never)]
    fn pooled_fragment(&self) -> Option<Box<Fragment>> {
        let _inside = Inside::enter()?;
        self.discarded.join();
        let pooled = self.pool.try_borrow_mut().ok()?.fragments.pop();
        Some(pooled.unwrap_or_else(|| Box::new(Fragment::new())))
    }

    /// A fragment for a task, which mostly has few records.
    pub(crate) fn task_fragment(&self) -> Option<Box<Fragment>> {
        let _inside = Inside::enter()?;
        self.discarded.join();
        let pooled = self.pool.try_borrow_mut().ok()?.tasks.pop();
        let mut fragment = pooled.unwrap_or_else(|| Box::new(Fragment::new()));
        fragment.plain = false;
        Some(fragment)
    }

    #[inline(always)]
    pub(crate) fn count_discarded(&self, records: u64) {
        if let Some(mine) = self.discarded.mine.get() {
            let add = |n: &AtomicU64, by| n.store(n.load(Relaxed).wrapping_add(by), Relaxed);
            add(&mine.records, records);
            add(&mine.traces, 1);
        } else {
            GLOBAL.account.discarded(records);
        }
    }

    /// Keeps the room of a fragment for the next trace.
    #[inline(always)]
    pub(crate) fn recycle(&self, mut fragment: Box<Fragment>) {
        if !fragment.plain {
            return self.recycle_slow(fragment);
        }
        fragment.reset_plain();
        if let Some(other) = self.spare.replace(Some(fragment)) {
            self.pool_fragment(other);
        }
    }

    /// [`Self::recycle`] for what [`Pipeline::keep`](super::pipeline::Pipeline::keep) has returned. Under the re-entrancy
    /// flag only.
    #[inline(always)]
    pub(super) fn recycle_kept(&self, mut fragment: Box<Fragment>) {
        if fragment.plain {
            fragment.details.free();
        }
        self.recycle(fragment);
    }

    #[inline(never)]
    fn recycle_slow(&self, mut fragment: Box<Fragment>) {
        let _inside = Inside::enter();
        {
            let mut pool = self.pool.try_borrow_mut().ok();
            fragment.reset(|chunk| Pool::offer(pool.as_deref_mut(), chunk));
            if let (Some(room), Some(pool)) = (fragment.details.take_room(), &mut pool) {
                pool.room = Some(room);
            }
        }
        let other = match fragment.has_full_size_chunk() {
            true => self.spare.replace(Some(fragment)),
            false => Some(fragment),
        };
        if let Some(other) = other {
            self.pool_fragment(other);
        }
    }

    /// Gives a fragment the room of an earlier one, if it has none. Under the re-entrancy flag only.
    #[inline]
    pub(super) fn lend_room(&self, fragment: &mut Fragment) {
        if fragment.details.needs_room()
            && let Ok(mut pool) = self.pool.try_borrow_mut()
            && let Some(room) = pool.room.take()
        {
            fragment.details.lend(room);
        }
    }

    /// The fragment of a root that begins to wait, with as much room as it needs where many wait.
    #[inline(always)]
    pub(crate) fn waiting(&self, fragment: Box<Fragment>) -> Box<Fragment> {
        match budget::is_scarce() {
            true => self.compacted(fragment),
            false => fragment,
        }
    }

    #[cold]
    #[inline(never)]
    fn compacted(&self, mut fragment: Box<Fragment>) -> Box<Fragment> {
        if let Some(_inside) = Inside::enter() {
            let mut pool = self.pool.try_borrow_mut().ok();
            fragment.compact(|chunk| Pool::offer(pool.as_deref_mut(), chunk));
        }
        fragment
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
        } else if pool.tasks.len() < POOL_TASKS && fragment.is_small() {
            pool.tasks.push(fragment);
        }
    }
}
