//! The flag that is set while a slow path allocates or locks.
//!
//! Whoever comes back in meanwhile on the same thread (an allocator hook, a `Debug` implementation) finds it set and
//! records nothing. It has no destructor, so it can be asked for as long as the thread exists.

use std::cell::Cell;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// What crates say on this thread, which works for the telemetry, is not recorded: sent on, it would make them say it
/// again.
pub(crate) fn silence_thread() {
    SILENT.with(|silent| silent.set(true));
}

/// Whether this thread works for the telemetry.
#[inline]
pub(crate) fn is_silent() -> bool {
    SILENT.with(Cell::get)
}

/// Cleared on drop.
#[derive(Debug)]
pub(crate) struct Inside(());

impl Inside {
    /// `None` when this thread is inside already.
    #[inline]
    pub(crate) fn enter() -> Option<Self> {
        // Not `then_some`: a `Self` that is made and thrown away clears the flag of whoever set it.
        INSIDE
            .try_with(|inside| !inside.replace(true))
            .is_ok_and(|entered| entered)
            .then(|| Self(()))
    }

    /// Whether this thread is inside.
    pub(crate) fn busy() -> bool {
        INSIDE.with(Cell::get)
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        // `try_with` because the compiler inlines it as a rule.
        let _ = INSIDE.try_with(|inside| inside.set(false));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_refused_does_not_clear_the_flag() {
        let inside = Inside::enter();
        assert!(inside.is_some());
        assert!(Inside::enter().is_none() && Inside::enter().is_none());
        assert!(Inside::busy());
        drop(inside);
        assert!(!Inside::busy());
    }
}
