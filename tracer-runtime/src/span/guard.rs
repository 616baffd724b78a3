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
use crate::record::{CallOutcome, Failure};
use crate::recorder::account::DropReason;
use crate::recorder::call::{self, Running};
use crate::recorder::local;
use crate::recorder::reentrancy::Inside;

/// The fragment id of a call whose record goes nowhere; the reason has been counted.
pub(super) const NOWHERE: u64 = u64::MAX;

/// A running synchronous call. Dropping it ends the call; without `finish` before, the call is a `panic`.
///
/// It holds ids only, so dropping guards in any order is harmless. It does not leave its thread.
#[derive(Debug)]
#[must_use = "the span ends when the guard is dropped"]
pub struct Guard {
    /// `None` when nothing records, or no more: all that is written then is one word.
    call: Option<Begun>,
    not_send: PhantomData<*const ()>,
}

#[derive(Debug)]
struct Begun {
    call: Running,
    unfinished: Unfinished,
}

/// What it means that a guard is dropped and nobody has said that the body has reached its end.
#[derive(Debug, Clone, Copy)]
enum Unfinished {
    Panic,
    /// Nobody ever says it: a `panic` only where the thread unwinds.
    PanicIfUnwinding,
    /// Neither, and the thread was unwinding when the call began: it is inside of a destructor.
    Ok,
}

/// [`Guard::enter`] in one expression.
#[inline]
pub fn enter(site: &'static Callsite) -> Guard {
    let mut guard = Guard::off();
    guard.enter(site);
    guard
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

/// Writes to the guard's place: to move a guard costs more than to make one.
#[inline(never)]
fn enter_on(guard: &mut Guard, site: &'static Callsite) {
    *guard = begin(site, Unfinished::Panic);
}

#[inline(never)]
fn enter_alone_on(guard: &mut Guard, site: &'static Callsite) {
    let unfinished = match std::thread::panicking() {
        true => Unfinished::Ok,
        false => Unfinished::PanicIfUnwinding,
    };
    *guard = begin(site, unfinished);
}

#[inline(always)]
fn begin(site: &'static Callsite, unfinished: Unfinished) -> Guard {
    let mut guard = match site.signals {
        Signals::Both => match call::begin_plain(site, cfg!(feature = "metrics")) {
            Some(call) => Guard::new(call),
            None => start::enter_general(site),
        },
        _ => enter_one_signal(site),
    };
    if let Some(begun) = &mut guard.call {
        begun.unfinished = unfinished;
    }
    guard
}

#[inline(never)]
fn enter_one_signal(site: &'static Callsite) -> Guard {
    let begun = match site.signals {
        Signals::MetricsOnly => None,
        _ => call::begin_plain(site, false),
    };
    match begun {
        Some(call) => Guard::new(call),
        None => start::enter_general(site),
    }
}

impl Guard {
    /// A call that nobody records.
    #[inline]
    pub const fn off() -> Self {
        Self {
            call: None,
            not_send: PhantomData,
        }
    }

    /// Begins a call under what is current, in the place of one that nobody records. Somebody will say that it ends.
    #[inline]
    pub fn enter(&mut self, site: &'static Callsite) {
        if mode::get() != 0 {
            enter_on(self, site);
        }
    }

    /// The same where nobody will say that the body has reached its end: only a thread that unwinds makes it a `panic`.
    #[inline]
    pub fn enter_alone(&mut self, site: &'static Callsite) {
        if mode::get() != 0 {
            enter_alone_on(self, site);
        }
    }

    #[inline(always)]
    pub(super) const fn new(call: Running) -> Self {
        Self {
            call: Some(Begun {
                call,
                unfinished: Unfinished::Panic,
            }),
            not_send: PhantomData,
        }
    }

    /// A call in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    #[inline(never)]
    pub(super) fn without_local(site: &'static Callsite) -> Self {
        let Some(_inside) = Inside::enter() else {
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
        Self::new(Running {
            site,
            cell: None,
            fragment: NOWHERE,
            parent: SpanId::INVALID,
            span: SpanId::INVALID,
            start: clock::now(),
        })
    }

    /// The body has reached its end and returned something, and the call ends; `None` is `ok`.
    #[inline]
    pub fn finish_with(&mut self, failure: Option<Box<Failure>>) {
        if let Some(begun) = &self.call {
            end_with(&begun.call, failure);
            self.call = None;
        }
    }

    /// [`Self::finish_with`] `ok`.
    #[inline]
    pub fn finish(&mut self) {
        self.finish_with(None);
    }

    /// Nobody will say that the body has reached its end: only a thread that unwinds makes it a `panic`.
    pub fn alone(&mut self) {
        if let Some(begun) = &mut self.call {
            begun.unfinished = match std::thread::panicking() {
                true => Unfinished::Ok,
                false => Unfinished::PanicIfUnwinding,
            };
        }
    }

    /// Whether anybody will hear of the outcome.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.call.is_some()
    }

    /// The kind of the span.
    #[inline]
    #[must_use]
    pub fn kind(&self) -> SpanKind {
        match &self.call {
            Some(begun) => begun.call.site.kind,
            None => SpanKind::Internal,
        }
    }

    /// The call, to go on elsewhere.
    pub fn take(&mut self) -> Self {
        Self {
            call: self.call.take(),
            not_send: PhantomData,
        }
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
    pub(super) fn disarm(mut self) -> Option<Running> {
        self.call.take().map(|begun| begun.call)
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        if let Some(begun) = &self.call {
            end_unfinished(begun);
        }
    }
}

#[inline(never)]
fn end_with(call: &Running, failure: Option<Box<Failure>>) {
    match failure {
        None => end_ok(call),
        Some(_) => end_unusual(call, clock::now(), CallOutcome::Error, failure),
    }
}

#[inline(always)]
fn end_ok(call: &Running) {
    let Some(end) = clock::cheap() else {
        return end_unusual(call, clock::now(), CallOutcome::Ok, None);
    };
    if !call::end_plain(call, call.parent, end.saturating_sub(call.start)) {
        end_unusual(call, end, CallOutcome::Ok, None);
    }
}

#[inline(never)]
fn end_unfinished(begun: &Begun) {
    let Begun { call, unfinished } = begun;
    let unwound = match unfinished {
        Unfinished::Panic => true,
        Unfinished::PanicIfUnwinding => std::thread::panicking(),
        Unfinished::Ok => false,
    };
    match unwound {
        true => end_unusual(call, clock::now(), CallOutcome::Panic, None),
        false => end_ok(call),
    }
}

/// The end of a call by the full rules.
#[cold]
#[inline(never)]
fn end_unusual(call: &Running, end: u64, outcome: CallOutcome, failure: Option<Box<Failure>>) {
    let duration = end.saturating_sub(call.start);
    let has_span = call.span != SpanId::INVALID;
    if call.cell.is_none() && !has_span {
        return end_shared(call, outcome, duration);
    }
    let recorded = local::with(|local| {
        if let Some(cell) = call.cell {
            cell.end(outcome, duration);
        }
        if call.fragment == NOWHERE {
            return;
        }
        if local.span.get() == call.span {
            local.span.set(call.parent);
        }
        local.record(call.fragment, call.record(outcome, duration), failure);
    });
    if recorded.is_some() {
        return;
    }
    // In a thread-local destructor after the recorder's own: the cell may have another writer already.
    if call.cell.is_some() {
        end_shared(call, outcome, duration);
    }
    if call.fragment != NOWHERE {
        local::lost_record(DropReason::ThreadExit);
    }
}

/// Counts the end where the thread has no cell.
#[cold]
fn end_shared(call: &Running, outcome: CallOutcome, duration: u64) {
    if call.site.signals != Signals::SpansOnly {
        let _inside = Inside::enter();
        metrics::shared_cell(call.site).end_shared(outcome, duration);
    }
}
