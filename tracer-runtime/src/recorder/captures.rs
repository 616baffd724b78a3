//! Which capture a new trace belongs to. Asked on slow paths only, and only while a capture exists.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::live::Live;
use super::pipeline::{Pipeline, Tether};
use crate::id::TraceId;
use crate::mode;

static ALIVE: Mutex<Vec<Weak<Pipeline>>> = Mutex::new(Vec::new());

thread_local! {
    /// The innermost last.
    static HERE: RefCell<Vec<Arc<Pipeline>>> = const { RefCell::new(Vec::new()) };
}

/// Announces a capture to every thread.
pub(crate) fn register(pipeline: &Arc<Pipeline>) {
    let mut alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
    alive.push(Arc::downgrade(pipeline));
    mode::set(mode::CAPTURING);
}

/// Takes the announcement back.
pub(crate) fn unregister(pipeline: &Arc<Pipeline>) {
    let mut alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
    alive.retain(|other| {
        other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(pipeline))
    });
    if alive.is_empty() {
        mode::clear(mode::CAPTURING);
    }
}

/// Makes a capture the innermost one of this thread.
pub(crate) fn enter(pipeline: Arc<Pipeline>) {
    let _ = HERE.try_with(|here| {
        if let Ok(mut here) = here.try_borrow_mut() {
            here.push(pipeline);
        }
    });
}

/// Takes it off again, wherever it is by now.
pub(crate) fn leave(pipeline: &Arc<Pipeline>) {
    let _ = HERE.try_with(|here| {
        let Ok(mut here) = here.try_borrow_mut() else {
            return;
        };
        if let Some(index) = here.iter().rposition(|other| Arc::ptr_eq(other, pipeline)) {
            here.remove(index);
        }
    });
}

/// For a trace that begins on this thread.
pub(crate) fn here() -> Option<Tether> {
    let innermost =
        HERE.try_with(|here| here.try_borrow().ok().and_then(|here| here.last().cloned()));
    innermost.ok().flatten().map(Tether::new)
}

/// For a trace that nobody here has begun and that goes on on this thread: from now on it belongs to the thread's capture.
pub(crate) fn adopt(trace: TraceId) -> Option<Tether> {
    let tether = here()?;
    if let Some(live) = &tether.pipeline().live {
        live.adopt(trace);
    }
    Some(tether)
}

/// For a trace that began elsewhere in this process.
pub(crate) fn of(trace: TraceId) -> Option<Tether> {
    alive(|live| live.has(trace))
}

/// For a trace whose id came over the wire. Where it did not begin in this process, several captures can have the same
/// one, out of a constant in the tests: then each thread sees its own.
pub(crate) fn of_remote(trace: TraceId) -> Option<Tether> {
    alive(|live| live.has_begun(trace))
        .or_else(|| adopt(trace))
        .or_else(|| of(trace))
}

fn alive(wanted: impl Fn(&Live) -> bool) -> Option<Tether> {
    let alive: Vec<_> = {
        let alive = ALIVE.lock().unwrap_or_else(PoisonError::into_inner);
        alive.iter().filter_map(Weak::upgrade).collect()
    };
    alive
        .into_iter()
        .find(|pipeline| pipeline.live.as_ref().is_some_and(&wanted))
        .map(Tether::new)
}
