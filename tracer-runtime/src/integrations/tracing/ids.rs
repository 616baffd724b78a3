//! The ids of the span that an event belongs to.

use tracing_core::{Event, Subscriber};
use tracing_subscriber::fmt::{FmtContext, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::known;
use crate::context::Ids;
use crate::span::context::current_ids;

/// `None` outside a trace.
pub(super) fn ids_of<S, N>(event: &Event<'_>, all: &FmtContext<'_, S, N>) -> Option<Ids>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    if event.is_contextual() {
        return current_ids();
    }
    let parent = event.parent()?;
    let mut span = all.span(parent);
    while let Some(candidate) = span {
        let context = known::context_of(&candidate);
        if let Some(context) = context {
            return Some(context.ids());
        }
        span = candidate.parent();
    }
    let is_current = all.current_span().id() == Some(parent);
    is_current.then(current_ids).flatten()
}
