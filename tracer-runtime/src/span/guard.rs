//! The span of a synchronous call: a guard on its stack.

use std::future::Future;
use std::marker::PhantomData;

use super::describe::Describe;
use super::future::Traced;
use super::start::{self, Start};
use crate::callsite::{Callsite, Signals, SpanKind};
use crate::clock;
use crate::id::SpanId;
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Failure, SpanRecord};
use crate::recorder::account::DropReason;
use crate::recorder::local::{self, Local};

/// The fragment id of a call whose record goes nowhere; the reason has been counted.
pub(super) const NOWHERE: u64 = u64::MAX;

/// A running synchronous call. Dropping it ends the call; without `finish` before, the call is a `panic`.
///
/// It holds ids only, so dropping guards in any order is harmless. It does not leave its thread.
#[derive(Debug)]
#[must_use = "the span ends when the guard is dropped"]
pub struct Guard {
    /// `None` when nothing records.
    pub(super) site: Option<&'static Callsite>,
    pub(super) cell: Option<&'static metrics::Cell>,
    pub(super) fragment: u64,
    pub(super) parent: SpanId,
    pub(super) span: SpanId,
    pub(super) start: u64,
    failure: Option<Box<Failure>>,
    outcome: CallOutcome,
    alone: bool,
    not_send: PhantomData<*const ()>,
}

/// Begins a call under what is current.
#[inline(always)]
pub fn enter(site: &'static Callsite) -> Guard {
    if mode::get() == 0 {
        Guard::off()
    } else {
        enter_on(site)
    }
}

/// Begins a call somewhere else.
#[inline]
pub fn enter_at(site: &'static Callsite, at: Start) -> Guard {
    if mode::get() == 0 {
        Guard::off()
    } else {
        start::enter_at(site, at)
    }
}

#[inline(never)]
fn enter_on(site: &'static Callsite) -> Guard {
    if mode::get() != mode::INITIALISED || site.signals != Signals::Both {
        return start::enter_general(site);
    }
    local::with(|local| enter_here(local, site)).unwrap_or_else(|| Guard::without_local(site))
}

#[inline(always)]
pub(super) fn enter_here(local: &Local, site: &'static Callsite) -> Guard {
    let cell = if cfg!(feature = "metrics") && site.signals != Signals::SpansOnly {
        local.cell(site)
    } else {
        None
    };
    if let Some(cell) = cell {
        cell.begin();
    }
    let span = SpanId(local.random());
    let parent = local.span.get();
    let mut fragment = local.fragment_id.get();
    let start = clock::now();
    if fragment == 0 {
        fragment = start::open_root(local, span, start);
    } else {
        local.span.set(span);
    }
    Guard::new(site, cell, fragment, parent, span, start)
}

impl Guard {
    #[inline(always)]
    pub(super) fn off() -> Self {
        Self::build(None, None, NOWHERE, SpanId::INVALID, SpanId::INVALID, 0)
    }

    #[inline(always)]
    pub(super) fn new(
        site: &'static Callsite,
        cell: Option<&'static metrics::Cell>,
        fragment: u64,
        parent: SpanId,
        span: SpanId,
        start: u64,
    ) -> Self {
        Self::build(Some(site), cell, fragment, parent, span, start)
    }

    #[inline(always)]
    fn build(
        site: Option<&'static Callsite>,
        cell: Option<&'static metrics::Cell>,
        fragment: u64,
        parent: SpanId,
        span: SpanId,
        start: u64,
    ) -> Self {
        Self {
            site,
            cell,
            fragment,
            parent,
            span,
            start,
            failure: None,
            outcome: CallOutcome::Panic,
            alone: false,
            not_send: PhantomData,
        }
    }

    /// A call in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    #[inline(never)]
    pub(super) fn without_local(site: &'static Callsite) -> Self {
        let Some(_inside) = crate::recorder::reentrancy::Inside::enter() else {
            if site.signals != Signals::MetricsOnly {
                local::lost_record(DropReason::Reentrant);
            }
            return Self::off();
        };
        if site.signals != Signals::SpansOnly {
            metrics::shared_cell(site).begin_shared();
        }
        if site.signals != Signals::MetricsOnly {
            local::lost_record(DropReason::ThreadExit);
        }
        Self::new(
            site,
            None,
            NOWHERE,
            SpanId::INVALID,
            SpanId::INVALID,
            clock::now(),
        )
    }

    /// The body has reached its end.
    #[inline(always)]
    pub fn finish(&mut self) {
        self.outcome = CallOutcome::Ok;
    }

    /// The body has reached its end and returned something; `None` is `ok`.
    #[inline(always)]
    pub fn finish_with(&mut self, failure: Option<Box<Failure>>) {
        self.outcome = if failure.is_some() {
            CallOutcome::Error
        } else {
            CallOutcome::Ok
        };
        self.failure = failure;
    }

    /// Nobody will say that the body has reached its end: only a thread that unwinds makes it a `panic`.
    #[inline(always)]
    pub fn alone(&mut self) {
        self.alone = self.site.is_some();
        if self.alone && std::thread::panicking() {
            // Inside of a destructor: the thread unwinds for another reason.
            self.outcome = CallOutcome::Ok;
        }
    }

    /// Whether anybody will hear of the outcome.
    #[inline(always)]
    pub(super) fn is_on(&self) -> bool {
        self.site.is_some()
    }

    /// The kind of the span.
    #[inline(always)]
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        self.site.map_or(SpanKind::Internal, |site| site.kind)
    }

    /// Lets the call go on in the future that its function returned.
    #[inline]
    pub fn into_future<F: Future, D: Describe<F::Output>>(
        self,
        future: F,
        describe: D,
    ) -> Traced<F, D> {
        Traced::going_on(self, future, describe)
    }

    /// Forgets the guard; its span goes on elsewhere.
    pub(super) fn disarm(mut self) -> Option<&'static Callsite> {
        self.site.take()
    }

    #[inline(never)]
    fn end(&mut self, site: &'static Callsite) {
        let end = clock::now();
        let duration = end.saturating_sub(self.start);
        if self.alone && self.outcome == CallOutcome::Panic && !std::thread::panicking() {
            self.outcome = CallOutcome::Ok;
        }
        if self.cell.is_none() && self.span == SpanId::INVALID {
            return self.end_without_span(site, duration);
        }
        let record = SpanRecord {
            span: self.span,
            parent: self.parent,
            callsite: site,
            start: self.start,
            duration,
            outcome: self.outcome,
            details: 0,
        };
        let failure = self.failure.take();
        let recorded = local::with(|local| {
            if let Some(cell) = self.cell {
                cell.end(self.outcome, duration);
            }
            if self.fragment == NOWHERE {
                return;
            }
            if local.span.get() == self.span {
                local.span.set(self.parent);
            }
            local.record(self.fragment, record, failure);
        });
        if recorded.is_none() {
            self.end_without_local(site, duration);
        }
    }

    /// Ends in a thread-local destructor after the recorder's own: its cell may have another writer already.
    #[cold]
    #[inline(never)]
    fn end_without_local(&self, site: &'static Callsite, duration: u64) {
        if self.cell.is_some() {
            let _inside = crate::recorder::reentrancy::Inside::enter();
            metrics::shared_cell(site).end_shared(self.outcome, duration);
        }
        if self.fragment != NOWHERE {
            local::lost_record(DropReason::ThreadExit);
        }
    }

    #[cold]
    fn end_without_span(&self, site: &'static Callsite, duration: u64) {
        if self.fragment == NOWHERE && site.signals != Signals::SpansOnly {
            let _inside = crate::recorder::reentrancy::Inside::enter();
            metrics::shared_cell(site).end_shared(self.outcome, duration);
        }
    }
}

impl Drop for Guard {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(site) = self.site {
            self.end(site);
        }
    }
}
