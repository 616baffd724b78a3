//! How the span of a call opens: where its [`Start`] says, in which fragment, counted by which cell.

use std::mem;

use super::context::Context;
use super::guard::{Guard, NOWHERE};
use super::inside;
use super::metric::UNSEEN;
use super::place::Place;
use super::start::{Start, Under};
use super::watched;
use crate::callsite::{Callsite, Signals, Way};
use crate::clock;
use crate::context::Link;
use crate::id::SpanId;
use crate::metrics;
use crate::mode;
use crate::recorder::account::DropReason;
use crate::recorder::call::Running;
use crate::recorder::captures;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, Local, lost_record};
use crate::recorder::pipeline::GLOBAL;
use crate::recorder::reentrancy::Inside;
use crate::value::KeyValue;

/// Begins a call under what is current, or as a root, while nobody but the process's pipeline records: the long way.
pub(super) fn begin(local: &Local, site: &'static Callsite, signals: Signals) -> Running {
    let cell = begin_cell(local, site, signals);
    let span = local.next_span();
    let parent = local.span.get();
    let mut fragment = local.fragment_id.get();
    let start = clock::now();
    if fragment == 0 {
        fragment = open_root(local, site, span, start);
    } else {
        local.span.set(span);
    }
    Running {
        site,
        cell,
        fragment,
        parent,
        span,
        start,
    }
}

/// Opens the fragment of a new trace owned by `span`; the fragment's id.
fn open_root(local: &Local, site: &'static Callsite, span: SpanId, start: u64) -> u64 {
    let trace = local.random_trace();
    let Some(mut fragment) = local.fragment(span.0, trace, GLOBAL.policy.samples(trace)) else {
        lost_record(DropReason::Reentrant);
        return NOWHERE;
    };
    fragment.opened = start;
    fragment.entry = site.kind.is_entry();
    fragment.plain = !fragment.entry;
    push(local, fragment, span)
}

fn push(local: &Local, fragment: Box<Fragment>, span: SpanId) -> u64 {
    let id = fragment.id;
    match local.push_top(fragment, span) {
        Ok(()) => id,
        Err(fragment) => too_deep(local, fragment),
    }
}

#[cold]
#[inline(never)]
fn too_deep(local: &Local, fragment: Box<Fragment>) -> u64 {
    fragment.account().dropped(DropReason::NestedTooDeep, 1);
    local.recycle(fragment);
    NOWHERE
}

/// What opening a span anywhere has led to.
enum Opened {
    /// Nobody records it.
    Nobody,
    /// Its record goes nowhere, and that has been counted.
    Lost,
    In {
        span: SpanId,
        fragment: u64,
        parent: SpanId,
    },
}

/// Begins a call by the full rules; `None` where nobody records it.
pub(super) fn begin_general(
    local: &Local,
    site: &'static Callsite,
    signals: Signals,
    at: Start,
) -> Option<Running> {
    let start = clock::now();
    let (span, fragment, parent) = match open_general(local, site, at, start) {
        Opened::Nobody => return None,
        Opened::Lost => (local.next_span(), NOWHERE, SpanId::INVALID),
        Opened::In {
            span,
            fragment,
            parent,
        } => (span, fragment, parent),
    };
    Some(Running {
        site,
        cell: begin_cell(local, site, signals),
        fragment,
        parent,
        span,
        start,
    })
}

/// Opens a span by the full rules: captures, explicit parents, links.
#[cold]
#[inline(never)]
fn open_general(local: &Local, site: &'static Callsite, at: Start, start: u64) -> Opened {
    let place = match at.under {
        Under::Current if local.fragment_id.get() != 0 && mode::is_apart() => {
            Context::here(local).and_then(Place::below)
        }
        Under::Current if local.fragment_id.get() != 0 => None,
        Under::Current | Under::Nothing => match Place::new_trace(local) {
            Some(place) => Some(place),
            None => return Opened::Nobody,
        },
        Under::Below(Some(place)) if place.is_here(local) && !mode::is_apart() => None,
        Under::Below(Some(place)) => Some(place),
        Under::Below(None) => return Opened::Nobody,
        Under::Remote(remote) => match Place::below_remote(local, remote) {
            Some(place) => Some(place),
            None => return Opened::Nobody,
        },
    };
    let (span, parent, fragment) = match place {
        None => {
            let span = local.next_span();
            (span, local.span.replace(span), local.fragment_id.get())
        }
        Some(place) => {
            let parent = place.parent;
            let Some(mut fragment) = place.open(local) else {
                lost_record(DropReason::Reentrant);
                return Opened::Lost;
            };
            if fragment.remote_parent.is_some() || site.kind.is_entry() {
                fragment.entry = true;
                fragment.plain = false;
            }
            let span = SpanId(fragment.id);
            match push(local, fragment, span) {
                NOWHERE => return Opened::Lost,
                fragment => (span, parent, fragment),
            }
        }
    };
    note_start(local, site, span, parent, start, at.links, at.attributes);
    Opened::In {
        span,
        fragment,
        parent,
    }
}

/// Begins a call somewhere else, and in whatever subscriber wants it.
#[inline(never)]
pub(super) fn enter_there(site: &'static Callsite, at: Start) -> Guard {
    let (way, mut at) = (watched::way(site), at);
    let hang = mem::take(&mut at.hang);
    let mut guard = match mode::get() {
        0 => Guard::off(),
        _ => enter_at(site, at),
    };
    if way == Way::Watched {
        guard.watch(site, hang);
    }
    guard
}

/// Tells the capture that watches, and files the links.
pub(super) fn note_start(
    local: &Local,
    site: &'static Callsite,
    span: SpanId,
    parent: SpanId,
    start: u64,
    links: Vec<Link>,
    attributes: Vec<KeyValue>,
) {
    local.inspect(|fragment| {
        let _inside = Inside::enter();
        if let Some(live) = fragment
            .pipe
            .as_ref()
            .and_then(|pipe| pipe.pipeline().live.as_ref())
        {
            live.started(fragment.trace, span, parent, site, start);
        }
        if !links.is_empty() || !attributes.is_empty() {
            fragment.special = true;
            fragment.plain = false;
            if let Some((details, claim)) = fragment.details.of(span) {
                inside::begin_with(details, claim, links, attributes);
            }
        }
    });
}

/// See [`super::guard::enter_at`].
#[cold]
#[inline(never)]
pub(super) fn enter_at(site: &'static Callsite, at: Start) -> Guard {
    local::with(|local| {
        let signals = site.signals();
        match signals {
            Signals::Neither => return Guard::off(),
            Signals::MetricsOnly => return metrics_only(local, site),
            Signals::Both | Signals::SpansOnly => {}
        }
        if mode::get() == mode::INITIALISED
            && !mode::is_apart()
            && matches!(at.under, Under::Current)
            && at.links.is_empty()
        {
            return Guard::new(begin(local, site, signals));
        }
        begin_general(local, site, signals, at).map_or_else(Guard::off, Guard::new)
    })
    .unwrap_or_else(|| Guard::without_local(site))
}

/// Counts the start of a call that takes part in these signals.
pub(super) fn begin_cell(
    local: &Local,
    site: &'static Callsite,
    signals: Signals,
) -> Option<&'static metrics::Cell> {
    if !cfg!(feature = "metrics") || !signals.has_metrics() {
        return None;
    }
    let cell = local.cell(site);
    if let Some(cell) = cell {
        cell.begin();
    }
    cell
}

/// Begins a call in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost. The
/// start; `None` where nobody counts it.
pub(super) fn begin_shared(site: &'static Callsite) -> Option<u64> {
    let signals = site.signals();
    let inside = Inside::enter();
    if signals.has_spans() {
        lost_record(match inside {
            Some(_) => DropReason::ThreadExit,
            None => DropReason::Reentrant,
        });
    }
    if inside.is_none() || !signals.has_metrics() {
        return None;
    }
    metrics::shared_cell(site).begin_shared();
    Some(clock::now())
}

/// Whether a call of this thread that opens no span is counted now.
pub(super) fn counts(local: &Local) -> bool {
    let mode = mode::get();
    mode & mode::INITIALISED != 0
        || (mode != 0
            && (local.inspect(|fragment| fragment.pipe.is_some()) == Some(true)
                || captures::here().is_some()))
}

fn metrics_only(local: &Local, site: &'static Callsite) -> Guard {
    if !counts(local) {
        return Guard::off();
    }
    Guard::new(Running {
        site,
        cell: begin_cell(local, site, Signals::MetricsOnly),
        fragment: NOWHERE,
        parent: SpanId::INVALID,
        span: UNSEEN,
        start: clock::now(),
    })
}
