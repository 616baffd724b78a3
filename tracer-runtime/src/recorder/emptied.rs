//! Emptied fragments on their way back from the collector to the threads that keep traces.
//!
//! What one thread allocates and another one frees is slow for both, the more the more threads there are. So a thread
//! that gives a kept trace to the queue takes an emptied fragment along, under the lock that it holds anyway.

use super::budget;
use super::fragment::Fragment;

/// Of a trace's chunks, those that go back with its fragment: as many as a thread has room for.
pub(super) const MAX_CHUNKS: usize = 8;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Emptied {
    /// With a full-size chunk.
    large: Vec<Box<Fragment>>,
    small: Vec<Box<Fragment>>,
    bytes: usize,
    /// The fewest since the last [`Self::trim`]: so many were not needed.
    fewest: [usize; 2],
}

impl Emptied {
    pub(super) const fn new() -> Self {
        Self {
            large: Vec::new(),
            small: Vec::new(),
            bytes: 0,
            fewest: [0; 2],
        }
    }

    /// What may wait here, out of the budget.
    fn limit_bytes() -> usize {
        budget::limit_bytes() / 32
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.large.len() + self.small.len()
    }

    /// One as large as what is given for it, if there is one.
    #[inline]
    pub(super) fn take(&mut self, like: &Fragment) -> Option<Box<Fragment>> {
        let [large, small] = &mut self.fewest;
        let (list, fewest) = match like.has_full_size_chunk() {
            true => (&mut self.large, large),
            false => (&mut self.small, small),
        };
        let fragment = list.pop()?;
        *fewest = list.len().min(*fewest);
        self.bytes -= fragment.bytes();
        Some(fragment)
    }

    /// Takes from `emptied` what there is room for.
    pub(super) fn put(&mut self, emptied: &mut Vec<Box<Fragment>>) {
        while let Some(fragment) = emptied.pop() {
            let bytes = fragment.bytes();
            if self.bytes + bytes > Self::limit_bytes() {
                emptied.push(fragment);
                return;
            }
            self.bytes += bytes;
            match fragment.has_full_size_chunk() {
                true => self.large.push(fragment),
                false => self.small.push(fragment),
            }
        }
    }

    /// Takes out those that nobody needed since the last time.
    pub(super) fn trim(&mut self) -> Vec<Box<Fragment>> {
        let [large, small] = self.fewest;
        let large = self.large.drain(..large);
        let surplus: Vec<_> = large.chain(self.small.drain(..small)).collect();
        self.bytes -= surplus.iter().map(|f| f.bytes()).sum::<usize>();
        self.fewest = [self.large.len(), self.small.len()];
        surplus
    }

    /// Takes out all.
    pub(super) fn clear(&mut self) -> Vec<Box<Fragment>> {
        self.fewest = [self.large.len(), self.small.len()];
        self.trim()
    }
}

#[cfg(all(test, not(tracer_loom)))]
mod tests {
    use super::*;

    fn large() -> Box<Fragment> {
        let mut fragment = Box::new(Fragment::new());
        assert!(fragment.grow(|| None));
        fragment
    }

    fn small() -> Box<Fragment> {
        Box::new(Fragment::new())
    }

    #[test]
    fn a_thread_gets_one_as_large_as_it_gives() {
        let mut emptied = Emptied::new();
        emptied.put(&mut vec![large(), small()]);
        assert!(
            !emptied
                .take(&small())
                .is_some_and(|f| f.has_full_size_chunk())
        );
        assert!(emptied.take(&small()).is_none());
        assert!(
            emptied
                .take(&large())
                .is_some_and(|f| f.has_full_size_chunk())
        );
        assert_eq!((emptied.len(), emptied.bytes), (0, 0));
    }

    #[test]
    fn what_nobody_needed_between_two_looks_is_freed() {
        let mut emptied = Emptied::new();
        emptied.put(&mut vec![large(), large(), large()]);
        // They have just come.
        assert_eq!(emptied.trim().len(), 0);
        assert!(emptied.take(&large()).is_some());
        emptied.put(&mut vec![large(), small()]);
        assert_eq!(emptied.trim().len(), 2);
        assert_eq!(emptied.len(), 2);
        assert_eq!(emptied.trim().len(), 2);
        assert_eq!((emptied.len(), emptied.bytes), (0, 0));
    }

    #[test]
    fn what_there_is_no_room_for_is_left() {
        let one = large().bytes();
        let mut emptied = Emptied {
            bytes: Emptied::limit_bytes() - 2 * one,
            ..Emptied::new()
        };
        let mut all = vec![large(), large(), large()];
        emptied.put(&mut all);
        assert_eq!((all.len(), emptied.len()), (1, 2));
        assert_eq!(emptied.bytes, Emptied::limit_bytes());
    }
}
