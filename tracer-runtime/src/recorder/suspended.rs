//! The traces of a thread below the active one: each was active when a root or a task opened inside it.

use super::account::Tally;
use super::fragment::Fragment;
use super::local::Local;
use super::reentrancy::Inside;
use super::verdict;
use crate::id::{SpanId, TraceId};

/// Roots inside each other on one thread.
pub(crate) const MAX_DEPTH: usize = if cfg!(miri) { 16 } else { 512 };
/// Places for suspended traces that a thread keeps.
pub(super) const SPARE_PLACES: usize = 32;

/// A trace that was active when a root or task opened inside it.
pub(super) struct Below {
    pub(super) fragment: Option<Box<Fragment>>,
    pub(super) fragment_id: u64,
    pub(super) span: SpanId,
    pub(super) trace: TraceId,
}

impl Local {
    #[inline(never)]
    pub(super) fn suspend(&self) -> bool {
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

    #[inline(never)]
    pub(super) fn resume_below(&self) -> Option<Box<Fragment>> {
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

    /// Makes `before` the current span of a suspended fragment where `span` was.
    pub(crate) fn leave_suspended(&self, id: u64, span: SpanId, before: SpanId) {
        let Ok(mut below) = self.below.try_borrow_mut() else {
            return;
        };
        let left = below.iter_mut().find(|b| b.fragment_id == id);
        if let Some(left) = left.filter(|b| b.span == span) {
            left.span = before;
        }
    }

    /// There are as many suspended as this list holds.
    pub(super) fn note_depth(&self, below: &[Below]) {
        self.depth.set(below.len() as u32);
    }
}
