//! The thread's side of the recorder: the current ids, the active fragment, and what is suspended below it.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use super::account::{DropReason, Tally};
use super::call::Before;
use super::cells::{NEAR_CALLSITES, Page};
use super::fragment::Fragment;
use super::pipeline::GLOBAL;
use super::pool::{Discarded, Pool};
use super::reentrancy::Inside;
use super::slot::SLAB;
use super::suspended::Below;
use super::{slot, verdict};
use crate::id::{self, SpanId, TraceId};
use crate::metrics;

/// See the module.
pub(crate) struct Local {
    phase: Cell<Phase>,
    /// Id of the active fragment, 0 for none.
    pub(crate) fragment_id: Cell<u64>,
    /// Innermost open span.
    pub(crate) span: Cell<SpanId>,
    pub(crate) trace: Cell<TraceId>,
    random: Cell<u64>,
    spans: Cell<u64>,
    /// Tells the trace ids of this thread from those of one that has come to the same random numbers.
    key: Cell<u64>,
    /// Taken out while it is written to.
    pub(super) active: Cell<Option<Box<Fragment>>>,
    /// The next root's fragment.
    pub(super) spare: Cell<Option<Box<Fragment>>>,
    pub(super) depth: Cell<u32>,
    pub(super) discarded: Discarded,
    /// By the callsites' ids; those of the callsites that were called first are nearest.
    pub(super) cells: [Cell<Option<&'static metrics::Cell>>; NEAR_CALLSITES],
    pub(super) far_cells: RefCell<Vec<Option<Box<Page>>>>,
    pub(super) block: RefCell<Option<metrics::CellBlock>>,
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
    let done = LOCAL.try_with(|local| match local.is_open() {
        true => Some(f(local)),
        false => None,
    });
    done.ok().flatten()
}

/// [`with`] for those who find out by what they miss that the recorder is not open: nothing is active, no fragment
/// spare, no cell known.
#[inline(always)]
pub(crate) fn unchecked<R>(f: impl FnOnce(&Local) -> R) -> Option<R> {
    LOCAL.try_with(|local| f(local)).ok()
}

impl Local {
    const fn new() -> Self {
        Self {
            phase: Cell::new(Phase::New),
            fragment_id: Cell::new(0),
            span: Cell::new(SpanId::INVALID),
            trace: Cell::new(TraceId::INVALID),
            random: Cell::new(0),
            spans: Cell::new(1),
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

    /// Whether the recorder works, from now on if need be.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.phase.get() == Phase::Open || self.open()
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
        self.spans.set(id::seed());
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

    /// A span id.
    #[inline(always)]
    pub(crate) fn next_span(&self) -> SpanId {
        let (state, span) = id::next_span(self.spans.get());
        self.spans.set(state);
        span
    }

    /// A trace id.
    #[inline(always)]
    pub(crate) fn random_trace(&self) -> TraceId {
        let (state, trace) = id::next_trace(self.random.get(), self.key.get());
        self.random.set(state);
        trace
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
        self.push_quietly(fragment, span)?;
        #[cfg(feature = "opentelemetry")]
        crate::integrations::opentelemetry::entered(self);
        Ok(())
    }

    /// [`Self::push_top`], of which other libraries' contexts learn nothing.
    #[inline(always)]
    pub(crate) fn push_quietly(
        &self,
        fragment: Box<Fragment>,
        span: SpanId,
    ) -> Result<(), Box<Fragment>> {
        if self.fragment_id.get() != 0 && !self.suspend() {
            return Err(fragment);
        }
        self.activate(fragment, span);
        Ok(())
    }

    /// [`Self::push_top`] where nothing is active.
    #[inline(always)]
    pub(crate) fn push_first(&self, fragment: Box<Fragment>, span: SpanId) {
        self.activate(fragment, span);
        #[cfg(feature = "opentelemetry")]
        crate::integrations::opentelemetry::entered(self);
    }

    #[inline(always)]
    fn activate(&self, fragment: Box<Fragment>, span: SpanId) {
        self.fragment_id.set(fragment.id);
        self.trace.set(fragment.trace);
        self.span.set(span);
        self.put_active(fragment);
    }

    /// Takes the active fragment off; what was suspended last goes on.
    #[inline(always)]
    pub(crate) fn pop_top(&self) -> Option<Box<Fragment>> {
        #[cfg(feature = "opentelemetry")]
        crate::integrations::opentelemetry::leaving(self);
        if self.depth.get() == 0 {
            self.fragment_id.set(0);
            self.span.set(SpanId::INVALID);
            return self.active.take();
        }
        self.resume_below()
    }

    #[inline(always)]
    pub(crate) fn depth(&self) -> u32 {
        self.depth.get()
    }

    #[inline(always)]
    pub(crate) fn before(&self) -> Before {
        Before {
            span: self.span.get(),
            depth: self.depth.get(),
        }
    }

    /// Makes a span of the active fragment current.
    #[inline(always)]
    pub(crate) fn enter(&self, span: SpanId) -> Before {
        let before = self.before();
        self.span.set(span);
        before
    }

    /// Lets a context leave the active trace; `None` where nothing is active.
    pub(crate) fn escape(&self) -> Option<Escaped> {
        let mut fragment = self.active.take()?;
        let escaped = Escaped::from(&mut fragment);
        self.put_active(fragment);
        Some(escaped)
    }

    /// Looks at the active fragment without changing what is active.
    #[inline]
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

impl Escaped {
    /// Lets a context leave the trace of a fragment.
    #[inline]
    pub(crate) fn from(fragment: &mut Fragment) -> Self {
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
        Self {
            handle,
            sampled: fragment.sampled,
            random: fragment.random,
            carried,
        }
    }
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
