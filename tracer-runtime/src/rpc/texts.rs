//! Texts that requests bring again and again, such as the address of a service: found without an allocation.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

use super::info::Text;
use crate::recorder::reentrancy::Inside;

/// More than that come from outside.
const MAX_TEXTS: usize = 500;
/// Bytes of one that is kept.
const MAX_BYTES: usize = 256;
/// Texts that a thread remembers.
const RECENT_TEXTS: usize = 64;

static TEXTS: RwLock<Option<HashSet<&'static str>>> = RwLock::new(None);
/// From then on only what threads remember is found: a text that is new each time must not make them wait for the lock.
static FULL: AtomicBool = AtomicBool::new(false);

thread_local! {
    static RECENT: [Cell<&'static str>; RECENT_TEXTS] = const { [const { Cell::new("") }; RECENT_TEXTS] };
}

/// The text; the same one again where it was asked for before, as long as there is room.
pub(crate) fn known_text(text: &str) -> Text {
    let place = place(text);
    let recent = RECENT.try_with(|recent| recent[place].get());
    let recent = recent.ok().filter(|recent| *recent == text);
    match recent.or_else(|| find(text, place)) {
        Some(known) => Text::Borrowed(known),
        None => Text::Owned(text.to_owned()),
    }
}

/// Where a thread remembers a text: by its length and its end.
fn place(text: &str) -> usize {
    let end = text.as_bytes().last_chunk();
    let end = end.map_or(0, |end| u64::from_le_bytes(*end));
    let word = (end ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word >> 32) as usize % RECENT_TEXTS
}

#[cold]
fn find(text: &str, place: usize) -> Option<&'static str> {
    if text.len() > MAX_BYTES || FULL.load(Relaxed) {
        return None;
    }
    // This thread may hold the lock already.
    let _inside = Inside::enter()?;
    let found = known(text).or_else(|| add(text))?;
    let _ = RECENT.try_with(|recent| recent[place].set(found));
    Some(found)
}

fn known(text: &str) -> Option<&'static str> {
    let texts = TEXTS.read().unwrap_or_else(PoisonError::into_inner);
    texts.as_ref()?.get(text).copied()
}

fn add(text: &str) -> Option<&'static str> {
    let mut texts = TEXTS.write().unwrap_or_else(PoisonError::into_inner);
    let texts = texts.get_or_insert_default();
    if let Some(known) = texts.get(text) {
        return Some(known);
    }
    if texts.len() == MAX_TEXTS {
        FULL.store(true, Relaxed);
        return None;
    }
    let leaked: &'static str = Box::leak(text.to_owned().into_boxed_str());
    texts.insert(leaked);
    Some(leaked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_unless_it_is_long_or_there_are_too_many() {
        let address = "texts.test:50051";
        let same = [known_text(address), known_text(address)];
        assert!(matches!(same, [Text::Borrowed(a), Text::Borrowed(b)] if std::ptr::eq(a, b)));
        let long = "x".repeat(MAX_BYTES + 1);
        assert!(matches!(known_text(&long), Text::Owned(text) if text == long));
        for i in 0..2 * MAX_TEXTS {
            let text = format!("texts {i}");
            assert_eq!(known_text(&text), text);
        }
        assert!(matches!(known_text("one more"), Text::Owned(_)));
        assert_eq!(known_text(""), "");
    }
}
