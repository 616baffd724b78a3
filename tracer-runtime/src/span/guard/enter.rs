//! The ways in which a synchronous call begins, the shortest first.

use super::super::metric;
use super::super::opening;
use super::super::start::Start;
use super::super::watched;
use super::{Begun, Guard};
use crate::callsite::{Callsite, Signals, Way};
use crate::metrics;
use crate::mode;
use crate::recorder::call::{self, Beginning};
use crate::recorder::cells::NEAR_CALLSITES;
use crate::recorder::local;
use crate::subscriber::{self, Hang};

/// Writes to the guard's place rather than returning one, so that what follows here are jumps.
#[inline(never)]
pub(super) fn enter_on(guard: &mut Guard, site: &'static Callsite) {
    // Beyond them all where a signal is off, so that this one comparison is also the question whether it is.
    let id = site.id_of_both();
    if (id as usize) < NEAR_CALLSITES && cfg!(feature = "metrics") {
        enter_counted(guard, site, Some(id), enter_less);
    } else {
        enter_less(guard, site);
    }
}

#[inline(never)]
pub(super) fn enter_on_alone(guard: &mut Guard, site: &'static Callsite) {
    enter_on(guard, site);
    guard.alone();
}

/// For a callsite that does not take part in both signals, is new, or one of very many. It does nothing but jump, so that a
/// call that is switched off costs no more than it must.
#[inline(never)]
fn enter_less(guard: &mut Guard, site: &'static Callsite) {
    match site.way() {
        Way::Only(Signals::Neither) => {}
        Way::Only(Signals::MetricsOnly) => enter_metric(guard, site),
        Way::Only(Signals::SpansOnly) => enter_span(guard, site),
        Way::Only(Signals::Both) => enter_far(guard, site),
        Way::New | Way::Watched => enter_watched(guard, site),
    }
}

#[inline(never)]
fn enter_metric(guard: &mut Guard, site: &'static Callsite) {
    match metric::begin(site) {
        Some(call) => guard.call = Some(Begun::new(call)),
        None => enter_general(guard, site),
    }
}

#[inline(never)]
fn enter_span(guard: &mut Guard, site: &'static Callsite) {
    enter_counted(guard, site, None, enter_general);
}

/// A callsite whose cell is not among the near ones.
#[inline(never)]
fn enter_far(guard: &mut Guard, site: &'static Callsite) {
    let id = cfg!(feature = "metrics").then(|| site.id_of_both());
    enter_counted(guard, site, id, enter_general);
}

#[inline(always)]
fn enter_counted(
    guard: &mut Guard,
    site: &'static Callsite,
    counted_by: Option<u32>,
    otherwise: fn(&mut Guard, &'static Callsite),
) {
    let begun = local::unchecked(|local| call::begin(local, site, counted_by));
    match begun.unwrap_or(Beginning::Unusual) {
        Beginning::Child(call) => guard.call = Some(Begun::new(call)),
        Beginning::Root(cell) => enter_root(guard, site, cell),
        Beginning::Unusual => otherwise(guard, site),
    }
}

#[inline(never)]
fn enter_root(guard: &mut Guard, site: &'static Callsite, cell: Option<&'static metrics::Cell>) {
    let begun = local::unchecked(|local| call::begin_root(local, site, cell));
    match begun.flatten() {
        Some(call) => guard.call = Some(Begun::new(call)),
        None => enter_general(guard, site),
    }
}

/// By the full rules.
#[cold]
#[inline(never)]
fn enter_general(guard: &mut Guard, site: &'static Callsite) {
    match mode::get() {
        0 => subscriber::nobody_records(),
        _ => *guard = opening::enter_at(site, Start::current()),
    }
}

/// For a callsite whose spans a subscriber may want.
#[cold]
#[inline(never)]
fn enter_watched(guard: &mut Guard, site: &'static Callsite) {
    let way = watched::way(site);
    if mode::get() != 0 {
        enter_general(guard, site);
    }
    if way == Way::Watched {
        guard.watch(site, Hang::Current);
    }
}
