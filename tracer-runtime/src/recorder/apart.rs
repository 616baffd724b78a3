//! The records of spans that no thread holds, filed in a fragment of their trace with what was said of them.

use super::account::DropReason;
use super::budget::Claim;
use super::details::Details;
use super::fragment::Fragment;
use super::local::Local;
use super::reentrancy::Inside;
use super::special;
use crate::id::{SpanId, TraceId};
use crate::record::{CallOutcome, SpanDetails, SpanRecord};

/// What was said of a span that ends, in whatever form its API has.
pub(crate) trait Said {
    fn is_empty(&self) -> bool;

    /// Adds what was recorded where the span was current.
    fn add(&mut self, details: SpanDetails, claim: Claim);

    /// How a span ended, for which nothing that was said so far speaks but this.
    fn outcome(&mut self, outcome: CallOutcome) -> CallOutcome;

    /// Moves all of it to what is known of the finished spans of a fragment; what the record refers to it by.
    fn file(&mut self, details: &mut Details) -> u32;

    /// Takes all of it out, with the claim for it; `None` where there is nothing.
    fn take(&mut self) -> Option<(SpanDetails, Claim)>;
}

/// How a span has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) outcome: CallOutcome,
    /// In ticks.
    pub(crate) duration: u64,
}

impl Local {
    /// Whether a trace is active on this thread.
    #[inline]
    pub(crate) fn is_in(&self, trace: TraceId) -> bool {
        self.fragment_id.get() != 0 && self.trace.get() == trace
    }

    /// Looks into a fragment that is on this thread.
    #[inline]
    pub(crate) fn look_into<R>(&self, id: u64, look: impl FnOnce(&mut Fragment) -> R) -> Option<R> {
        match self.fragment_id.get() == id {
            true => self.inspect(look),
            false => self.inspect_suspended(id, look),
        }
    }

    /// Files the record of a span in a fragment of its trace that does not end with it. The record is made where it stays:
    /// a copy of what was just written waits for the processor.
    #[inline]
    pub(crate) fn file_apart(
        &self,
        fragment: &mut Fragment,
        ended: Ended,
        said: &mut impl Said,
        record: impl Fn(Ended, u32) -> SpanRecord,
    ) {
        let Some(inside) = Inside::enter() else {
            return fragment.account().dropped(DropReason::Reentrant, 1);
        };
        fragment.plain = false;
        let seen = fragment.policy().saw(ended.outcome, ended.duration);
        if seen != 0 || fragment.special {
            let mut record = record(ended, 0);
            file_specially(fragment, &mut record, seen, said);
            drop(inside);
            return self.push(fragment, record);
        }
        let mut details = 0;
        if !said.is_empty() {
            self.lend_room(fragment);
            details = said.file(&mut fragment.details);
        }
        drop(inside);
        self.push(fragment, record(ended, details));
    }

    /// Takes out what the active fragment knows of a span that goes on elsewhere.
    pub(crate) fn take_details(&self, span: SpanId) -> Option<SpanDetails> {
        self.inspect(|fragment| {
            if !fragment.special {
                return None;
            }
            let _inside = Inside::enter()?;
            let taken = fragment.details.take(span);
            fragment.special = fragment.pipe.is_some() || fragment.details.has_open();
            taken
        })
        .flatten()
    }
}

/// Where it has not gone well, a capture watches, or something was recorded of a span that is open here.
#[cold]
#[inline(never)]
fn file_specially(
    fragment: &mut Fragment,
    record: &mut SpanRecord,
    mut seen: u8,
    said: &mut impl Said,
) {
    if let Some((details, claim)) = fragment.details.take_open(record.span) {
        said.add(details, claim);
        record.outcome = said.outcome(record.outcome);
        seen = fragment.policy().saw(record.outcome, record.duration);
    }
    fragment.seen |= seen;
    let live = fragment.pipe.as_ref();
    match live.and_then(|pipe| pipe.pipeline().live.as_ref()) {
        Some(live) => {
            let details = said.take().map(|(details, _)| details);
            live.ended(fragment.trace, record, details);
        }
        None if said.is_empty() => {}
        None => record.details = said.file(&mut fragment.details),
    }
    fragment.special = fragment.pipe.is_some() || fragment.details.has_open();
    if seen != 0 {
        special::hand_over_if_due(fragment, record.start + record.duration);
    }
}
