//! The end of a fragment: kept, discarded, or left waiting for the root of its trace.

use super::account::Tally;
use super::fragment::Fragment;
use super::local::Local;
use super::pipeline::GLOBAL;
use super::reentrancy::Inside;
use super::slot::Joined;
use crate::clock;
use crate::value::KeyValue;

/// Decides about a fragment whose owner has ended. `local` is missing while the thread ends.
#[inline]
pub(crate) fn finish(local: Option<&Local>, fragment: Box<Fragment>) {
    if fragment.plain {
        let keep = fragment.sampled;
        return settle(local, fragment, keep);
    }
    if fragment.link.is_some() || fragment.slot.is_some() || fragment.pipe.is_some() {
        return finish_shared(local, fragment);
    }
    let keep = fragment.wants_keeping();
    settle(local, fragment, keep);
}

/// Carries a verdict out.
#[inline]
pub(crate) fn settle(local: Option<&Local>, fragment: Box<Fragment>, keep: bool) {
    if keep {
        keep_fragment(local, fragment)
    } else {
        discard(local, fragment)
    }
}

#[inline(never)]
fn keep_fragment(local: Option<&Local>, mut fragment: Box<Fragment>) {
    // Re-entered by `closing`, which holds the flag already.
    let _inside = Inside::enter();
    if fragment.too_long != 0 {
        note_too_long(&mut fragment);
    }
    let free = match fragment.pipe {
        None => GLOBAL.keep(fragment, local.is_some()),
        Some(_) => keep_apart(fragment, local.is_some()),
    };
    if let (Some(local), Some(fragment)) = (local, free) {
        local.recycle_kept(fragment);
    }
}

#[cold]
#[inline(never)]
fn note_too_long(fragment: &mut Fragment) {
    let dropped = i64::from(fragment.too_long);
    if let Some(details) = fragment.newest_details() {
        let attribute = KeyValue::new("tracer.dropped_records", dropped);
        details.own_attributes.push(attribute);
    }
}

/// Keeps a fragment of a private pipeline, as [`Pipeline::keep`](super::pipeline::Pipeline::keep).
#[cold]
#[inline(never)]
fn keep_apart(mut fragment: Box<Fragment>, exchange: bool) -> Option<Box<Fragment>> {
    if fragment.len() == 0 {
        return Some(fragment);
    }
    let tether = fragment.pipe.take()?;
    let pipeline = tether.pipeline();
    if pipeline.live.is_some() {
        pipeline.account.exported(fragment.len() as u64);
        return Some(fragment);
    }
    pipeline.keep(fragment, exchange)
}

#[inline(always)]
fn discard(local: Option<&Local>, fragment: Box<Fragment>) {
    let records = fragment.len() as u64;
    match local {
        Some(local) if fragment.pipe.is_none() => local.count_discarded(records),
        _ => fragment.account().discarded(records),
    }
    release(local, fragment);
}

#[inline(always)]
fn release(local: Option<&Local>, fragment: Box<Fragment>) {
    if let Some(local) = local {
        local.recycle(fragment);
    }
}

#[cold]
#[inline(never)]
fn finish_shared(local: Option<&Local>, mut fragment: Box<Fragment>) {
    let _inside = Inside::enter();
    fragment.references = None;
    if fragment
        .pipe
        .as_ref()
        .is_some_and(|pipe| pipe.pipeline().live.is_some())
    {
        fragment.kept = true;
    }
    if let Some(link) = fragment.link.take() {
        return finish_task(local, fragment, link);
    }
    let Some(handle) = fragment.slot.take() else {
        let keep = fragment.wants_keeping();
        return settle(local, fragment, keep);
    };
    let (keep, waiting) = handle.decide(fragment.wants_keeping(), Fragment::wants_keeping);
    for waited in waiting {
        settle(local, waited, keep);
    }
    handle.release();
    settle(local, fragment, keep);
}

fn finish_task(local: Option<&Local>, mut fragment: Box<Fragment>, link: super::slot::SlotRef) {
    if fragment.len() == 0 {
        drop(link);
        return release(local, fragment);
    }
    if fragment.sampled {
        // Decided before it began: nothing to wait for.
        drop(link);
        return settle(local, fragment, true);
    }
    match link.join(fragment, clock::now()) {
        Joined::Waits => {}
        Joined::Absorbed(emptied) => release(local, emptied),
        Joined::OnItsOwn(mut task) => {
            let keep = task.wants_keeping();
            task.partial = keep;
            settle(local, task, keep);
        }
        Joined::Verdict(task, true) => settle(local, task, true),
        Joined::Verdict(task, false) => {
            fragment = task;
            let keep = fragment.wants_keeping();
            if keep {
                fragment.partial = true;
                fragment.account().tally(Tally::Late);
            }
            settle(local, fragment, keep);
        }
    }
}

/// Judges by themselves the tasks that have waited too long for their root.
pub(crate) fn sweep() {
    let limit = super::slot::MAX_WAITING_SECONDS as f64 * 1e9 / clock::scale().ns_per_tick;
    sweep_before(clock::now().saturating_sub(limit as u64));
}

/// Judges by themselves all tasks that wait for their root: after a shutdown nobody would take them.
pub(crate) fn sweep_all() {
    sweep_before(u64::MAX);
}

fn sweep_before(oldest: u64) {
    for mut overdue in super::slot::SLAB.overdue(oldest) {
        let keep = overdue.wants_keeping();
        overdue.partial = keep;
        settle(None, overdue, keep);
    }
}
