//! Blocks of numbers that one thread writes and everybody reads.
//!
//! A block outlives its thread: it keeps its numbers and waits for the next thread, so no sum runs backwards and
//! memory follows the peak number of threads.

use crate::sync::{Mutex, lock};

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

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self {
            inner: Mutex::new(Inner {
                all: Vec::new(),
                free: Vec::new(),
            }),
        }
    }
}

impl<T: Default> Blocks<T> {
    /// The block of a thread that has ended, or a new one, which is never freed.
    pub(crate) fn adopt(&'static self) -> Adopted<T> {
        let mut inner = lock(&self.inner);
        let block = inner.free.pop().unwrap_or_else(|| {
            let block: &'static T = Box::leak(Box::default());
            inner.all.push(block);
            block
        });
        Adopted { block, home: self }
    }

    /// Every block there ever was, adopted or not.
    pub(crate) fn all(&self) -> Vec<&'static T> {
        lock(&self.inner).all.clone()
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
        lock(&self.home.inner).free.push(self.block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    #[test]
    fn a_thread_goes_on_with_the_numbers_of_one_that_ended() {
        static BLOCKS: LazyLock<Blocks<AtomicU64>> = LazyLock::new(Blocks::default);
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

#[cfg(all(test, tracer_loom))]
mod models {
    use loom::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use loom::thread;

    use super::*;

    /// What a thread does with its block: a read and a write, as the hot path does.
    fn add_one(blocks: &'static Blocks<AtomicU64>) {
        let mine = blocks.adopt();
        let number = mine.get();
        number.store(number.load(Relaxed) + 1, Relaxed);
    }

    #[test]
    fn no_number_is_lost_when_threads_take_blocks_over() {
        loom::model(|| {
            let blocks: &Blocks<AtomicU64> = Box::leak(Box::default());
            let other = thread::spawn(|| {
                add_one(blocks);
                add_one(blocks);
            });
            add_one(blocks);
            other.join().unwrap();
            let all = blocks.all();
            assert!(all.len() <= 2);
            assert_eq!(all.iter().map(|n| n.load(Relaxed)).sum::<u64>(), 3);
        });
    }
}
