//! The entries of spans on a thread, the innermost last; and the span that it has made last.

use std::cell::{Cell, RefCell};

use super::entry::Entry;
use super::trouble::{self, Trouble};
use crate::id::{SpanId, TraceId};

/// Entries of a thread; guards that are forgotten never leave.
const MAX_ENTRIES: usize = 4_096;

/// A span of a subscriber: the layer's number and the subscriber's.
pub(super) type Key = (u32, u64);

thread_local! {
    static ENTRIES: RefCell<Vec<(Key, Entry)>> = const { RefCell::new(Vec::new()) };
    /// A second close comes next, if it comes.
    static CLOSED: Cell<Option<Key>> = const { Cell::new(None) };
    /// Mostly it is entered next: then nobody need look it up.
    static FRESH: Cell<Option<(Key, TraceId, SpanId)>> = const { Cell::new(None) };
}

fn with<R>(f: impl FnOnce(&mut Vec<(Key, Entry)>) -> R) -> Option<R> {
    let done = ENTRIES.try_with(|entries| Some(f(&mut *entries.try_borrow_mut().ok()?)));
    done.ok().flatten()
}

/// A span was made here.
#[inline]
pub(super) fn note_fresh(key: Key, trace: TraceId, span: SpanId) {
    FRESH.with(|fresh| fresh.set(Some((key, trace, span))));
}

/// Trace and span, if it was the last that was made here.
#[inline]
pub(super) fn fresh(key: Key) -> Option<(TraceId, SpanId)> {
    let (known, trace, span) = FRESH.with(Cell::get)?;
    (known == key).then_some((trace, span))
}

/// A span was closed here; what its number names from now on is another one.
#[inline]
pub(super) fn note_closed(key: Key) {
    CLOSED.with(|closed| closed.set(Some(key)));
    if fresh(key).is_some() {
        FRESH.with(|fresh| fresh.set(None));
    }
}

/// Whether it was closed here last.
pub(super) fn was_closed(key: Key) -> bool {
    CLOSED.with(Cell::get) == Some(key)
}

/// False where there are too many, or the thread is about to end.
pub(super) fn push(key: Key, entry: Entry) -> bool {
    let pushed = with(|entries| {
        let room = entries.len() < MAX_ENTRIES;
        if room {
            entries.push((key, entry));
        }
        room
    });
    let pushed = pushed.unwrap_or(false);
    if !pushed {
        trouble::count(Trouble::TooDeep);
    }
    pushed
}

/// The innermost entry of a span.
#[inline]
pub(super) fn remove(key: Key) -> Option<Entry> {
    with(|entries| match entries.pop_if(|(of, _)| *of == key) {
        Some((_, innermost)) => Some(innermost),
        None => remove_below(entries, key),
    })
    .flatten()
}

#[cold]
#[inline(never)]
fn remove_below(entries: &mut Vec<(Key, Entry)>, key: Key) -> Option<Entry> {
    let place = entries.iter().rposition(|(of, _)| *of == key)?;
    let (_, mut left) = entries.remove(place);
    // Those inside of it go on, and must not come back to it.
    for (_, inner) in &mut entries[place..] {
        inner.pass_over(&mut left);
    }
    Some(left)
}

/// Whether a span is entered here.
pub(super) fn has(key: Key) -> bool {
    with(|entries| entries.iter().any(|(of, _)| *of == key)).unwrap_or(false)
}

/// Whether any span is entered in this fragment.
pub(super) fn are_in(fragment: u64) -> bool {
    with(|entries| entries.iter().any(|(_, entry)| entry.fragment == fragment)).unwrap_or(false)
}

/// Whether this span, which is current, is one of those entered here.
pub(crate) fn is_innermost(span: SpanId) -> bool {
    with(|entries| entries.last().is_some_and(|(_, entry)| entry.span == span)).unwrap_or(false)
}
