//! Blocks of numbers that one thread writes and everybody reads.
//!
//! A block outlives its thread: it keeps its numbers and waits for the next thread, so no sum runs backwards and
//! memory follows the peak number of threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// All blocks of one kind.
#[derive(Debug)]
pub(crate) struct Blocks<T: 'static> {
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T: 'static> {
    all: Vec<&'static T>,
    free: Vec<&'static T>,
}

/// The right to write a block. Given back on drop.
#[derive(Debug)]
pub(crate) struct Adopted<T: 'static> {
    block: &'static T,
    home: &'static Blocks<T>,
}

impl<T: Default> Blocks<T> {
    pub(crate) const fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                all: Vec::new(),
                free: Vec::new(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The block of a thread that has ended, or a new one, which is never freed.
    pub(crate) fn adopt(&'static self) -> Adopted<T> {
        let mut inner = self.lock();
        let block = inner.free.pop().unwrap_or_else(|| {
            let block: &'static T = Box::leak(Box::default());
            inner.all.push(block);
            block
        });
        Adopted { block, home: self }
    }

    /// Every block there ever was, adopted or not.
    pub(crate) fn all(&self) -> Vec<&'static T> {
        self.lock().all.clone()
    }
}

impl<T> Adopted<T> {
    #[inline(always)]
    pub(crate) fn get(&self) -> &'static T {
        self.block
    }
}

impl<T> Drop for Adopted<T> {
    fn drop(&mut self) {
        let mut inner = self
            .home
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        inner.free.push(self.block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    #[test]
    fn a_thread_goes_on_with_the_numbers_of_one_that_ended() {
        static BLOCKS: Blocks<AtomicU64> = Blocks::new();
        for _ in 0..3 {
            let mine = BLOCKS.adopt();
            mine.get().fetch_add(1, Relaxed);
        }
        let (one, two) = (BLOCKS.adopt(), BLOCKS.adopt());
        two.get().fetch_add(1, Relaxed);
        drop((one, two));
        let sums: Vec<u64> = BLOCKS.all().iter().map(|n| n.load(Relaxed)).collect();
        assert_eq!(sums, [3, 1]);
    }
}
