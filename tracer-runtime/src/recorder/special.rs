//! The end of a span of which more is known than its record: a failure, attributes, a capture that watches, a trace
//! that has grown too long or too old to wait.

use super::fragment::{Fragment, MAX_RECORDS};
use super::reentrancy::Inside;
use super::slot::MAX_WAITING_SECONDS;
use super::verdict;
use crate::clock;
use crate::record::{Failure, SpanRecord};

/// Closes the details of a span; `seen` is what the process's policy saw.
#[cold]
#[inline(never)]
pub(crate) fn closing(
    fragment: &mut Fragment,
    record: &mut SpanRecord,
    seen: u8,
    failure: Option<Box<Failure>>,
) {
    let _inside = Inside::enter();
    fragment.plain = false;
    let saw = match &fragment.pipe {
        Some(private) => private
            .pipeline()
            .policy
            .saw(record.outcome, record.duration),
        None => seen,
    };
    fragment.seen |= saw;
    if failure.is_none()
        && fragment.pipe.is_none()
        && let Some(call) = fragment.details.close_call(record.span)
    {
        record.details = call;
        fragment.special = fragment.details.has_open();
        return hand_over_if_seen(fragment, record, saw);
    }
    let mut details = fragment.details.take(record.span);
    if let Some(failure) = failure {
        details = fragment.details.with_failure(details, failure);
    }
    if let Some(live) = fragment
        .pipe
        .as_ref()
        .and_then(|pipe| pipe.pipeline().live.as_ref())
    {
        live.ended(fragment.trace, record, details);
    } else if let Some(details) = details {
        record.details = fragment.details.close(details);
    }
    fragment.special = fragment.pipe.is_some() || fragment.details.has_open();
    hand_over_if_seen(fragment, record, saw);
}

fn hand_over_if_seen(fragment: &mut Fragment, record: &SpanRecord, saw: u8) {
    if saw != 0 {
        hand_over_if_due(fragment, record.start + record.duration);
    }
}

/// Hands over what a trace has so far: when it is full, or when it is old and worth keeping.
pub(crate) fn hand_over_if_due(fragment: &mut Fragment, now: u64) {
    if !fragment.wants_keeping() || fragment.len() == 0 {
        return;
    }
    let old = || {
        let limit = MAX_WAITING_SECONDS as f64 * 1e9 / clock::scale().ns_per_tick;
        !fragment.sampled && now.saturating_sub(fragment.opened) as f64 > limit
    };
    if fragment.len() < MAX_RECORDS && !old() {
        return;
    }
    fragment.kept = true;
    fragment.plain = false;
    let mut part = fragment.split_off();
    part.partial = !part.sampled;
    fragment.partial = part.partial;
    if let Some(handle) = fragment.slot {
        // Not a verdict for all tasks to come: the loop of a server may have failed once, long ago.
        for waited in handle.take_waiting() {
            verdict::settle(None, waited, true);
        }
    }
    verdict::settle(None, part, true);
}
