//! Spans that no thread holds: driven by hand, carried about, ended anywhere. Their records find their trace at the end.
//!
//! A root of this kind keeps the fragment that its trace is judged by; everything else that happens in the trace joins it
//! through the slot, as tasks do.

use super::account::DropReason;
use super::budget::Claim;
use super::fragment::Fragment;
use super::local::{self, Local, lost_record};
use super::reentrancy::Inside;
use super::slot::SLAB;
use super::verdict;
use crate::record::{CallOutcome, SpanDetails, SpanRecord};
use crate::span::context::Context;
use crate::span::place::Place;

/// A span that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) record: SpanRecord,
    pub(crate) details: SpanDetails,
    /// For the details.
    pub(crate) claim: Claim,
}

/// Opens the fragment of a root, which the root keeps, and the slot of its trace; the context names the root. `None` in a
/// call from within the recorder.
pub(crate) fn open_root(local: &Local, place: Place) -> Option<(Box<Fragment>, Context)> {
    let mut fragment = place.open(local)?;
    let inside = Inside::enter()?;
    let handle = SLAB.open(fragment.pipe.clone());
    fragment.slot = Some(handle);
    fragment.plain = false;
    let context = Context::of_root(&fragment, handle);
    drop(inside);
    Some((local.waiting(fragment), context))
}

/// Files the record of the span that the context names; ends the trace with its root.
pub(crate) fn end(context: Context, root: Option<Box<Fragment>>, ended: Ended) {
    let mut parts = Some((root, ended));
    local::with(|local| {
        if let Some((root, ended)) = parts.take() {
            match root {
                Some(fragment) => end_root(local, fragment, ended),
                None if is_here(local, context) => local.file_apart(ended),
                None => end_elsewhere(local, context, ended),
            }
        }
    });
    if let Some((root, _lost)) = parts {
        lost_record(DropReason::ThreadExit);
        if let Some(fragment) = root {
            verdict::finish(None, fragment);
        }
    }
}

fn is_here(local: &Local, context: Context) -> bool {
    local.fragment_id.get() != 0 && local.trace.get() == context.trace_id()
}

fn end_root(local: &Local, mut fragment: Box<Fragment>, ended: Ended) {
    local.add(&mut fragment, ended);
    verdict::finish(Some(local), fragment);
}

/// The trace is not active on this thread: the record joins it as a task does.
fn end_elsewhere(local: &Local, context: Context, ended: Ended) {
    let Some(place) = Place::below(context) else {
        return lost_record(DropReason::Shutdown);
    };
    match place.open(local) {
        Some(fragment) => end_root(local, fragment, ended),
        None => lost_record(DropReason::Reentrant),
    }
}

impl Local {
    fn file_apart(&self, ended: Ended) {
        let Some(mut fragment) = self.active.take() else {
            return lost_record(DropReason::Reentrant);
        };
        self.add(&mut fragment, ended);
        self.put_active(fragment);
    }

    /// Adds the record to a fragment of its trace, and what was recorded of the span there.
    fn add(&self, fragment: &mut Fragment, ended: Ended) {
        let Ended {
            mut record,
            mut details,
            claim,
        } = ended;
        let Some(inside) = Inside::enter() else {
            return fragment.account().dropped(DropReason::Reentrant, 1);
        };
        if let Some(more) = fragment.details.take(record.span) {
            details.add(more);
        }
        if details.failure.is_some() && record.outcome == CallOutcome::Ok {
            record.outcome = CallOutcome::Error;
        }
        fragment.plain = false;
        fragment.seen |= fragment.policy().saw(record.outcome, record.duration);
        let live = fragment.pipe.as_ref();
        match live.and_then(|pipe| pipe.pipeline().live.as_ref()) {
            Some(live) => live.ended(fragment.trace, &record, Some(details)),
            None => record.details = fragment.details.adopt(details, claim),
        }
        fragment.special = fragment.pipe.is_some() || fragment.details.has_open();
        drop(inside);
        self.push(fragment, record);
    }

    /// Takes out what the active fragment knows of a span that goes on elsewhere.
    pub(crate) fn take_details(&self, span: crate::SpanId) -> Option<SpanDetails> {
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
