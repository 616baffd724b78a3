//! Spans of calls that are held by work elsewhere, such as a task: the layer would end them with that work.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing_core::{Dispatch, span};
use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan as _;

/// On a span of the subscriber.
struct OutlivesItsCall;

/// Whether there was ever one.
static ANY: AtomicBool = AtomicBool::new(false);

/// It will be entered after the end of its call.
pub(crate) fn outlives_its_call(dispatch: &Dispatch, id: &span::Id) {
    let registry = dispatch.downcast_ref::<Registry>();
    if let Some(span) = registry.and_then(|registry| registry.span(id)) {
        span.extensions_mut().replace(OutlivesItsCall);
        ANY.store(true, Relaxed);
    }
}

/// Whether its call is to end it.
pub(super) fn ends_with_its_call(dispatch: &Dispatch, id: &span::Id) -> bool {
    if !ANY.load(Relaxed) {
        return false;
    }
    let registry = dispatch.downcast_ref::<Registry>();
    let span = registry.and_then(|registry| registry.span(id));
    span.is_some_and(|span| span.extensions().get::<OutlivesItsCall>().is_some())
}
