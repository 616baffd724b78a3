//! The entries of spans on a thread, the innermost last; and the span that it has made last.

use std::cell::{Cell, RefCell};

use super::entry::Entry;
use super::trouble::{self, Trouble};
use crate::id::{SpanId, TraceId};
use crate::recorder::local;

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

/// Makes a span current where its trace is active on this thread; false, and nothing done, where it is not, or where there
/// are too many.
#[inline]
pub(super) fn enter(key: Key, trace: TraceId, span: SpanId) -> bool {
    let entered = with(|entries| {
        if entries.len() >= MAX_ENTRIES {
            return false;
        }
        // Made where it stays: a copy of what was just written waits for the processor.
        let entered = local::with(|local| {
            let active = local.is_in(trace);
            if active {
                entries.push((key, Entry::active(local, span)));
            }
            active
        });
        entered == Some(true)
    });
    entered == Some(true)
}

/// Undoes the innermost entry, if it is one of this span, which need not be told; false, and nothing done, otherwise.
#[inline]
pub(super) fn exit_quietly(key: Key) -> bool {
    let left = with(|entries| {
        let left = match entries.last() {
            Some((of, entry)) => *of == key && entry.exit_quietly(),
            None => false,
        };
        if left {
            entries.truncate(entries.len() - 1);
        }
        left
    });
    left == Some(true)
}

/// The innermost entry of a span.
pub(super) fn remove(key: Key) -> Option<Entry> {
    with(|entries| {
        let place = entries.iter().rposition(|(of, _)| *of == key)?;
        let (_, mut left) = entries.remove(place);
        // Those inside of it go on, and must not come back to it.
        for (_, inner) in &mut entries[place..] {
            inner.pass_over(&mut left);
        }
        Some(left)
    })
    .flatten()
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
