//! A synchronous call that is counted and has no span, by the short way.

use super::guard::NOWHERE;
use crate::callsite::Callsite;
use crate::clock;
use crate::id::SpanId;
use crate::mode;
use crate::recorder::call::Running;
use crate::recorder::local;

/// The id of a span that nobody sees: tells a call without one from a call without a thread-local.
pub(super) const UNSEEN: SpanId = SpanId(NOWHERE);

/// `None`, and nothing done, where it takes the full rules.
#[inline(always)]
pub(super) fn begin(site: &'static Callsite) -> Option<Running> {
    if !mode::is_usual() {
        return None;
    }
    let begun = local::unchecked(|local| {
        let cell = local.known_cell(site)?;
        let start = clock::cheap_now();
        cell.begin();
        Some(Running {
            site,
            cell: Some(cell),
            fragment: NOWHERE,
            parent: SpanId::INVALID,
            span: UNSEEN,
            start,
        })
    });
    begun.flatten()
}

/// Ends a call that is ok and has no span. False, and nothing done, where it takes the full rules.
#[inline(always)]
pub(super) fn end(call: &Running) -> bool {
    let (Some(cell), Some(now)) = (call.cell, clock::cheap()) else {
        return false;
    };
    let Some(duration) = now.checked_sub(call.start) else {
        return false;
    };
    // The thread has given its cells back when the recorder was closed.
    let ended = local::unchecked(|local| {
        local
            .known_cell(call.site)
            .filter(|known| std::ptr::eq(*known, cell))
    });
    let ended = ended.flatten();
    if ended.is_some() {
        cell.end_ok(duration);
    }
    ended.is_some()
}
