//! The flag that is set while the layer holds a lock.
//!
//! An allocator hook that logs comes back in meanwhile: it is sent away, instead of waiting for itself. The layer runs no
//! code of the user's under it otherwise: fields are read before.

use std::cell::Cell;

use super::trouble::{self, Trouble};

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Cleared on drop.
#[derive(Debug)]
pub(super) struct Busy(());

impl Busy {
    /// `None`, and counted, where this thread is in the layer already.
    #[inline]
    pub(super) fn enter() -> Option<Self> {
        if BUSY.with(|busy| busy.replace(true)) {
            trouble::count(Trouble::Reentrant);
            return None;
        }
        Some(Self(()))
    }
}

impl Drop for Busy {
    #[inline]
    fn drop(&mut self) {
        BUSY.with(|busy| busy.set(false));
    }
}
