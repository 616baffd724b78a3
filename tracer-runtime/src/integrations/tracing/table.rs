//! The spans of a layer, by their subscriber's numbers.
//!
//! Beside the subscriber's own record of a span, whose extensions take a lock, a map and a box for each look.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A power of two.
const SHARDS: usize = 256;

/// Numbers are far from random, and nobody chooses them.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = mixed(self.0 ^ number);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

const fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

type Map<T> = HashMap<u64, Box<T>, BuildHasherDefault<Mix>>;

/// See the module. Under [`Busy`](super::busy::Busy) only.
#[derive(Debug)]
pub(super) struct Table<T> {
    shards: [Shard<T>; SHARDS],
}

/// On a line of its own: neighbours belong to other threads.
#[derive(Debug)]
#[repr(align(64))]
struct Shard<T>(Mutex<Spans<T>>);

#[derive(Debug)]
struct Spans<T> {
    /// Mostly there is no other.
    first: Option<(u64, Box<T>)>,
    others: Map<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Shard(Mutex::new(Spans::new()))),
        }
    }
}

impl<T> Table<T> {
    #[inline]
    fn shard(&self, number: u64) -> MutexGuard<'_, Spans<T>> {
        let shard = &self.shards[(mixed(number) >> 40) as usize % SHARDS];
        shard.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was there before under this number, of a span that nobody has closed.
    #[inline]
    pub(super) fn insert(&self, number: u64, span: Box<T>) -> Option<Box<T>> {
        let mut spans = self.shard(number);
        if spans.first.is_none() && spans.others.is_empty() {
            spans.first = Some((number, span));
            return None;
        }
        spans.insert_beside(number, span)
    }

    #[inline]
    pub(super) fn with<R>(&self, number: u64, look: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.shard(number).get_mut(number).map(look)
    }

    /// How many are left, once nobody asks any more.
    pub(super) fn left(&mut self) -> usize {
        let shards = self.shards.iter_mut();
        let left = shards.map(|Shard(shard)| {
            let spans = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
            usize::from(spans.first.is_some()) + spans.others.len()
        });
        left.sum()
    }

    #[inline]
    pub(super) fn remove(&self, number: u64) -> Option<Box<T>> {
        let mut spans = self.shard(number);
        match spans.first.take_if(|(first, _)| *first == number) {
            Some((_, span)) => Some(span),
            None => spans.others.remove(&number),
        }
    }
}

impl<T> Spans<T> {
    fn new() -> Self {
        Self {
            first: None,
            others: Map::default(),
        }
    }

    #[inline(never)]
    fn insert_beside(&mut self, number: u64, span: Box<T>) -> Option<Box<T>> {
        match &mut self.first {
            Some((first, known)) if *first == number => Some(std::mem::replace(known, span)),
            _ => self.others.insert(number, span),
        }
    }

    #[inline]
    fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        match &mut self.first {
            Some((first, span)) if *first == number => Some(span),
            _ => self.others.get_mut(&number).map(|span| &mut **span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_apart_by_their_numbers_wherever_these_fall() {
        let table = Table::default();
        let numbers = 1..=4 * SHARDS as u64;
        for number in numbers.clone() {
            assert!(table.insert(number, Box::new(number)).is_none());
        }
        for number in numbers.clone() {
            let before = table.insert(number, Box::new(number + 1));
            assert_eq!(before.as_deref(), Some(&number));
            assert_eq!(table.with(number, |span| *span), Some(number + 1));
        }
        for number in numbers.rev() {
            assert_eq!(table.remove(number).as_deref(), Some(&(number + 1)));
            assert!(table.remove(number).is_none() && table.with(number, |_| ()).is_none());
        }
    }
}
