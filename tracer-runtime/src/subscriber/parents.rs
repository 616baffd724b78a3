//! Which span of a subscriber's stands for a span of ours whose context has left its call.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_core::{Dispatch, Metadata, dispatcher, span};

use super::held::{Held, registry_without};
use super::listing::is_ours;
use crate::id::SpanId;
use crate::recorder::reentrancy::Inside;

#[derive(Default)]
struct Known {
    by_ours: HashMap<u64, (Dispatch, span::Id, &'static Metadata<'static>)>,
    /// Those of ours, by the subscriber's.
    by_theirs: HashMap<Theirs, Vec<u64>>,
}

/// The id of a span and the address of its metadata: subscribers do not compare, and each gives out the same ids.
type Theirs = (u64, usize);

fn theirs(id: &span::Id, metadata: &'static Metadata<'static>) -> Theirs {
    (id.into_u64(), std::ptr::from_ref(metadata).addr())
}

thread_local! {
    /// Of ours, the last one that was noted here: it is known as long as it can be current.
    static LAST: Cell<SpanId> = const { Cell::new(SpanId::INVALID) };
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
/// As many are known, so that who knows of none need not lock.
static LEN: AtomicUsize = AtomicUsize::new(0);

fn lock() -> MutexGuard<'static, Option<Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The context of our current span leaves its call: from now on, and until it ends, the subscriber's can be found by it.
#[cold]
#[inline(never)]
pub(crate) fn note(ours: SpanId) {
    if LAST.get() == ours {
        return;
    }
    let current = dispatcher::get_default(|current| {
        let (id, metadata) = current.current_span().into_inner()?;
        is_ours(metadata).then(|| (current.clone(), id, metadata))
    });
    let Some((dispatch, id, metadata)) = current else {
        return;
    };
    let Some(_inside) = Inside::enter() else {
        return;
    };
    let mut known = lock();
    let known = known.get_or_insert_default();
    let theirs = theirs(&id, metadata);
    let noted = (dispatch, id, metadata);
    if known.by_ours.insert(ours.0, noted).is_none() {
        known.by_theirs.entry(theirs).or_default().push(ours.0);
        LEN.store(known.by_ours.len(), Relaxed);
    }
    LAST.set(ours);
}

/// The span is about to be closed.
pub(super) fn gone(id: &span::Id, metadata: &'static Metadata<'static>) {
    if LEN.load(Relaxed) == 0 {
        return;
    }
    let gone: Vec<_> = {
        let _inside = Inside::enter();
        let mut known = lock();
        let Some(known) = known.as_mut() else {
            return;
        };
        let ours = known
            .by_theirs
            .remove(&theirs(id, metadata))
            .unwrap_or_default();
        let gone = ours
            .iter()
            .filter_map(|ours| known.by_ours.remove(ours))
            .collect();
        LEN.store(known.by_ours.len(), Relaxed);
        gone
    };
    // It may be the last of its subscriber.
    drop(gone);
}

/// The span of a subscriber's that stands for one of ours, as long as it is open.
pub(super) fn of(ours: SpanId) -> Option<Held> {
    if LEN.load(Relaxed) == 0 {
        return None;
    }
    let _inside = Inside::enter();
    let known = lock();
    let (dispatch, id, metadata) = known.as_ref()?.by_ours.get(&ours.0)?;
    if registry_without(dispatch, id).is_some() {
        return None;
    }
    // Under the lock, so that it is open still.
    let id = dispatch.clone_span(id);
    Some(Held::new(dispatch.clone(), id, metadata, true))
}
