//! What the entry of a span has changed on its thread, and how that is undone.

use crate::id::SpanId;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local};
use crate::recorder::verdict;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) span: SpanId,
    /// Current before.
    before: SpanId,
    pub(super) fragment: u64,
    /// It has brought the fragment along.
    owned: bool,
    unwinding: bool,
}

impl Entry {
    /// Makes a span current, whose trace is active on this thread.
    #[inline(always)]
    pub(super) fn active(local: &Local, span: SpanId) -> Self {
        Self {
            span,
            before: local.span.replace(span),
            fragment: local.fragment_id.get(),
            owned: false,
            unwinding: std::thread::panicking(),
        }
    }

    /// One that has brought a fragment along.
    pub(super) fn with(span: SpanId, before: SpanId, fragment: u64) -> Self {
        Self {
            span,
            before,
            fragment,
            owned: true,
            unwinding: std::thread::panicking(),
        }
    }

    /// Whether the thread unwinds, and did not when this was made.
    pub(super) fn has_panicked(&self) -> bool {
        std::thread::panicking() && !self.unwinding
    }

    /// Makes current what was so before; the fragment that the entry has brought along, if it is still here.
    pub(super) fn leave(&self, local: &Local) -> Option<Box<Fragment>> {
        let is_top = local.fragment_id.get() == self.fragment;
        if self.owned {
            return match is_top {
                true => local.pop_top(),
                false => local.remove_suspended(self.fragment),
            };
        }
        if !is_top {
            local.leave_suspended(self.fragment, self.span, self.before);
        } else if local.span.get() == self.span {
            local.span.set(self.before);
        }
        None
    }

    /// An entry of this thread from before this one is undone: nothing comes back to it, and what it has brought along stays
    /// as long as this one needs it.
    pub(super) fn pass_over(&mut self, left: &mut Self) {
        if self.fragment != left.fragment || self.owned {
            return;
        }
        if self.before == left.span {
            self.before = left.before;
        }
        self.owned = std::mem::take(&mut left.owned);
    }

    /// Undoes the entry of a span that has ended meanwhile, on its thread.
    pub(super) fn exit_orphan(&self) {
        local::with(|local| {
            if let Some(fragment) = self.leave(local) {
                verdict::finish(Some(local), fragment);
            }
        });
    }

    /// Undoes the entry where the span need not be told; false, and nothing done, where it must.
    #[inline]
    pub(super) fn exit_quietly(&self) -> bool {
        if self.owned || self.has_panicked() {
            return false;
        }
        let left = local::with(|local| {
            let is_noted = local.look_into(self.fragment, |fragment| {
                fragment.special && fragment.details.is_open(self.span)
            });
            let quiet = is_noted != Some(true);
            if quiet {
                self.leave(local);
            }
            quiet
        });
        left.unwrap_or(true)
    }
}
