//! The series that a thread used last.

use std::cell::Cell;

use super::key::Key;
use super::registry::Series;

/// A power of two; a kibibyte of each thread that counts calls.
const SLOTS: usize = 128;

thread_local! {
    static CACHE: [Cell<Option<&'static Series>>; SLOTS] = const { [const { Cell::new(None) }; SLOTS] };
}

/// A series has two places: one by its hash, and the one beside it.
fn places(hash: u64) -> [usize; 2] {
    let first = hash as usize % SLOTS;
    [first, first ^ 1]
}

/// The series of this key, where the thread remembers it.
pub(super) fn get(registry: u32, hash: u64, key: &Key<'_>) -> Option<&'static Series> {
    CACHE.with(|cache| {
        let candidates = places(hash).map(|place| cache[place].get());
        let is_it = |series: &&'static Series| series.is(registry, hash, key);
        candidates.into_iter().flatten().find(is_it)
    })
}

/// Remembers a series; it takes the place of the older one of two.
pub(super) fn put(hash: u64, series: &'static Series) {
    CACHE.with(|cache| {
        let [first, second] = places(hash).map(|place| &cache[place]);
        second.set(first.replace(Some(series)));
    });
}
