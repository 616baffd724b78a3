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
    if mode::get() != mode::INITIALISED {
        return None;
    }
    local::unchecked(|local| {
        let cell = local.known_cell(site)?;
        let start = clock::cheap()?;
        cell.begin();
        Some(Running {
            site,
            cell: Some(cell),
            fragment: NOWHERE,
            parent: SpanId::INVALID,
            span: UNSEEN,
            start,
        })
    })
}

/// Ends a call that is ok. False, and nothing done, where it has a span or takes the full rules.
#[inline(always)]
pub(super) fn end(call: &Running) -> bool {
    let (Some(cell), UNSEEN) = (call.cell, call.span) else {
        return false;
    };
    let Some(now) = clock::cheap() else {
        return false;
    };
    // The thread has given its cells back when the recorder was closed.
    let ended = local::unchecked(|local| {
        local
            .known_cell(call.site)
            .filter(|known| std::ptr::eq(*known, cell))
    });
    if ended.is_some() {
        cell.end_ok(now.saturating_sub(call.start));
    }
    ended.is_some()
}
