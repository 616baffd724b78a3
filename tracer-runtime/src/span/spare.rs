//! The memory of spans that have ended, which a thread keeps for its next ones.

use std::cell::RefCell;

/// As deep as spans of one thread mostly are in each other.
const MAX_SPARE: usize = 4;

/// See the module; one for each thread.
pub(crate) struct Spare<T>(RefCell<Vec<Box<T>>>);

impl<T> Spare<T> {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// `None` where there is none, or for an allocator hook that comes back in.
    #[inline]
    pub(crate) fn take(&self) -> Option<Box<T>> {
        self.0.try_borrow_mut().ok()?.pop()
    }

    #[inline]
    pub(crate) fn keep(&self, ended: Box<T>) {
        if let Ok(mut spare) = self.0.try_borrow_mut()
            && spare.len() < MAX_SPARE
        {
            spare.push(ended);
        }
    }
}
