//! Spans that no thread holds: driven by hand, carried about, ended anywhere. Their records find their trace at the end.
//!
//! A root of this kind keeps the fragment that its trace is judged by; everything else that happens in the trace joins it
//! through the slot, as tasks do.

use super::account::DropReason;
use super::details::Told;
use super::fragment::Fragment;
use super::local::{self, Local, lost_record};
use super::reentrancy::Inside;
use super::slot::SLAB;
use super::verdict;
use crate::record::{CallOutcome, SpanDetails, SpanRecord};
use crate::span::context::Context;
use crate::span::place::Place;

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

/// Files the record of the span that the context names, with what was recorded of it; ends the trace with its root.
pub(crate) fn end(
    context: Context,
    mut root: Option<Box<Fragment>>,
    record: SpanRecord,
    told: &mut Told,
) {
    let filed = local::with(|local| match root.take() {
        Some(fragment) => end_root(local, fragment, record, told),
        None if is_here(local, context) => local.file_apart(record, told),
        None => end_elsewhere(local, context, record, told),
    });
    if filed.is_none() {
        lost_record(DropReason::ThreadExit);
        if let Some(fragment) = root {
            verdict::finish(None, fragment);
        }
    }
}

#[inline]
fn is_here(local: &Local, context: Context) -> bool {
    local.fragment_id.get() != 0 && local.trace.get() == context.trace_id()
}

#[inline(never)]
fn end_root(local: &Local, mut fragment: Box<Fragment>, record: SpanRecord, told: &mut Told) {
    local.add(&mut fragment, record, told);
    verdict::finish(Some(local), fragment);
}

/// The trace is not active on this thread: the record joins it as a task does.
#[cold]
#[inline(never)]
fn end_elsewhere(local: &Local, context: Context, record: SpanRecord, told: &mut Told) {
    let Some(place) = Place::below(context) else {
        return lost_record(DropReason::Shutdown);
    };
    match place.open(local) {
        Some(fragment) => end_root(local, fragment, record, told),
        None => lost_record(DropReason::Reentrant),
    }
}

impl Local {
    #[inline]
    fn file_apart(&self, record: SpanRecord, told: &mut Told) {
        let Some(mut fragment) = self.active.take() else {
            return lost_record(DropReason::Reentrant);
        };
        self.add(&mut fragment, record, told);
        self.put_active(fragment);
    }

    /// Adds the record to a fragment of its trace, and what was recorded of the span there.
    #[inline]
    fn add(&self, fragment: &mut Fragment, mut record: SpanRecord, told: &mut Told) {
        let Some(inside) = Inside::enter() else {
            return fragment.account().dropped(DropReason::Reentrant, 1);
        };
        fragment.plain = false;
        if fragment.special {
            add_specially(fragment, &mut record, told);
        } else {
            fragment.seen |= fragment.policy().saw(record.outcome, record.duration);
            self.lend_room(fragment);
            record.details = fragment.details.adopt_told(told);
        }
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

/// Where a capture watches, or something was recorded of a span that is open here.
#[cold]
#[inline(never)]
fn add_specially(fragment: &mut Fragment, record: &mut SpanRecord, told: &mut Told) {
    if let Some(more) = fragment.details.take(record.span) {
        told.more.get_or_insert_default().add(more);
    }
    let inside = told.more.as_mut().and_then(|more| more.failure.take());
    if inside.is_some() && record.outcome == CallOutcome::Ok && !told.foreign.is_ok {
        record.outcome = CallOutcome::Error;
        told.failure = inside;
    }
    fragment.seen |= fragment.policy().saw(record.outcome, record.duration);
    let live = fragment.pipe.as_ref();
    match live.and_then(|pipe| pipe.pipeline().live.as_ref()) {
        Some(live) => live.ended(fragment.trace, record, Some(told.take())),
        None => record.details = fragment.details.adopt_told(told),
    }
    fragment.special = fragment.pipe.is_some() || fragment.details.has_open();
}
