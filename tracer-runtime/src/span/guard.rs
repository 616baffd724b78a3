//! The span of a synchronous call: a guard on its stack.

use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use super::describe::Describe;
use super::future::Traced;
use super::metric::{self, UNSEEN};
use super::start::{self, Start};
use super::watched;
use crate::callsite::{Callsite, Signals, SpanKind, Way};
use crate::clock;
use crate::id::SpanId;
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Ending, Failure};
use crate::recorder::account::DropReason;
use crate::recorder::call::{self, Beginning, Running};
use crate::recorder::cells::NEAR_CALLSITES;
use crate::recorder::local;
use crate::recorder::reentrancy::Inside;
use crate::subscriber::{self, Hang, Opened};

/// The fragment id of a call whose record goes nowhere; the reason has been counted.
pub(super) const NOWHERE: u64 = u64::MAX;

/// A running synchronous call. Dropping it ends the call; without `finish` before, the call is a `panic`.
///
/// It holds ids only, so dropping guards in any order is harmless. It does not leave its thread.
#[derive(Debug)]
#[must_use = "the span ends when the guard is dropped"]
pub struct Guard {
    /// `None` when nothing records, or no more; that is all there is to write then.
    call: Option<Begun>,
    not_send: PhantomData<*const ()>,
}

#[derive(Debug)]
struct Begun {
    call: Running,
    /// A subscriber's span, where [`Running::is_watched`] says so. Without glue, which each annotated function would have.
    opened: ManuallyDrop<Option<Opened>>,
    unfinished: Unfinished,
}

impl Begun {
    #[inline(always)]
    const fn new(call: Running) -> Self {
        Self {
            call,
            opened: ManuallyDrop::new(None),
            unfinished: Unfinished::PanicWhileUnwinding,
        }
    }
}

/// What it means that a guard is dropped and nobody has said that the body has reached its end.
#[derive(Debug, Clone, Copy)]
enum Unfinished {
    /// Whoever holds the guard would have said it.
    Panic,
    /// The expansion would have said it, but for ways out of the body that the macro cannot see: a `panic` only where
    /// the thread unwinds now.
    PanicWhileUnwinding,
    /// Nobody ever says it: a `panic` only where the thread has begun to unwind since.
    PanicIfUnwinding,
    /// Neither, and the thread was unwinding when the call began: it is inside of a destructor.
    Ok,
}

impl Unfinished {
    #[inline(always)]
    fn alone() -> Self {
        match std::thread::panicking() {
            true => Self::Ok,
            false => Self::PanicIfUnwinding,
        }
    }
}

/// Begins a call under what is current. Where it counts, [`Guard::enter`] does without moving the guard.
#[inline(always)]
pub fn enter(site: &'static Callsite) -> Guard {
    let mut guard = Guard::off();
    guard.enter(site);
    if let Some(begun) = &mut guard.call {
        begun.unfinished = Unfinished::Panic;
    }
    guard
}

/// Begins a call somewhere else.
#[inline]
pub fn enter_at(site: &'static Callsite, at: Start) -> Guard {
    if mode::is_off() {
        Guard::off()
    } else {
        start::enter_there(site, at)
    }
}

/// Writes to the guard's place rather than returning one, so that what follows here are jumps.
#[inline(never)]
fn enter_on(guard: &mut Guard, site: &'static Callsite) {
    // Beyond them all where a signal is off, so that this one comparison is also the question whether it is.
    let id = site.id_of_both();
    if (id as usize) < NEAR_CALLSITES && cfg!(feature = "metrics") {
        enter_counted(guard, site, Some(id), enter_less);
    } else {
        enter_less(guard, site);
    }
}

#[inline(never)]
fn enter_on_alone(guard: &mut Guard, site: &'static Callsite) {
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
        _ => *guard = start::enter_at(site, Start::current()),
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

impl Guard {
    /// A call that nobody records.
    #[inline]
    pub const fn off() -> Self {
        Self {
            call: None,
            not_send: PhantomData,
        }
    }

    /// Begins a call under what is current, in the place of one that nobody records.
    #[inline]
    pub fn enter(&mut self, site: &'static Callsite) {
        if !mode::is_off() {
            enter_on(self, site);
        }
    }

    /// [`Self::enter`], then [`Self::alone`].
    #[inline]
    pub fn enter_alone(&mut self, site: &'static Callsite) {
        if !mode::is_off() {
            enter_on_alone(self, site);
        }
    }

    /// The call, to go on elsewhere.
    #[inline]
    pub fn take(&mut self) -> Self {
        std::mem::replace(self, Self::off())
    }

    #[inline(always)]
    pub(super) const fn new(call: Running) -> Self {
        Self {
            call: Some(Begun::new(call)),
            not_send: PhantomData,
        }
    }

    /// A call in a thread-local destructor after the recorder's own: the shared cell counts it, the span is lost.
    #[cold]
    #[inline(never)]
    pub(super) fn without_local(site: &'static Callsite) -> Self {
        let Some(start) = start::begin_shared(site) else {
            return Self::off();
        };
        Self::new(Running {
            site,
            cell: None,
            fragment: NOWHERE,
            parent: SpanId::INVALID,
            span: SpanId::INVALID,
            start,
        })
    }

    /// The body has reached its end, and the call with it.
    #[inline]
    pub fn finish(&mut self) {
        if let Some(begun) = &mut self.call {
            end_ok(begun);
            self.call = None;
        }
    }

    /// The body has reached its end and returned something, and the call ends; `None` is `ok`.
    #[inline]
    pub fn finish_with(&mut self, failure: Option<Box<Failure>>) {
        if failure.is_none() {
            return self.finish();
        }
        if let Some(begun) = &mut self.call {
            end_failed(begun, failure);
            self.call = None;
        }
    }

    /// [`Self::finish_with`] what is known of the value that was returned, if anybody hears of it.
    #[inline]
    pub(super) fn finish_by<T, D: Describe<T>>(&mut self, value: &T, describe: D) {
        // One question, whether the call is recorded, and no code for the case that the answer has changed meanwhile.
        if let Some(begun) = &mut self.call {
            match describe.is_surely_ok(value) {
                true => end_ok(begun),
                false => end_described(begun, value, describe),
            }
            self.call = None;
        }
    }

    /// Nobody will say that the body has reached its end: only a thread that unwinds makes it a `panic`.
    pub fn alone(&mut self) {
        if let Some(begun) = &mut self.call {
            begun.unfinished = Unfinished::alone();
        }
    }

    /// Whether the start of the call has been counted, and its end is to be.
    pub(super) fn is_counted(call: &Running) -> bool {
        // The second is a call from `without_local`.
        call.cell.is_some() || call.span == SpanId::INVALID
    }

    /// Whether there is a span that what happens now belongs to.
    pub(super) fn has_span(&self) -> bool {
        let begun = self.call.as_ref();
        begun.is_some_and(|begun| begun.call.fragment != NOWHERE)
    }

    /// Whether anybody will hear of the outcome.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
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

    /// Lets the call go on in the future that its function returned.
    #[inline]
    pub fn into_future<F: Future, D: Describe<F::Output>>(
        self,
        future: F,
        describe: D,
    ) -> Traced<F, D> {
        Traced::going_on(self, future, describe)
    }

    /// Opens the span of a subscriber's too, if one wants it.
    pub(super) fn watch(&mut self, site: &'static Callsite, hang: Hang) {
        let begun = self.call.as_ref().and_then(|begun| begun.call.begun());
        if let Some(opened) = subscriber::open(site, hang, begun) {
            let unseen = || Begun::new(Running::unseen(site));
            let begun = self.call.get_or_insert_with(unseen);
            begun.call.set_watched();
            *begun.opened = Some(opened);
        }
    }

    /// Forgets the guard; its spans go on elsewhere.
    pub(super) fn take_call(mut self) -> Option<(Running, Option<Opened>)> {
        let mut begun = self.call.take()?;
        begun.call.take_watched();
        let opened = begun.opened.take();
        begun.call.rename(opened.as_ref().and_then(Opened::renamed));
        Some((begun.call, opened))
    }
}

impl Drop for Guard {
    #[inline]
    fn drop(&mut self) {
        if let Some(begun) = &mut self.call {
            end_unfinished(begun);
        }
    }
}

#[inline(never)]
fn end_ok(begun: &mut Begun) {
    let call = &begun.call;
    let ended = local::unchecked(|local| call::end(local, call, call.parent)).flatten();
    if ended.is_none() {
        end_ok_less(begun);
    }
}

#[inline(never)]
fn end_ok_less(begun: &mut Begun) {
    match begun.call.span {
        UNSEEN => end_metric(begun),
        _ => end_unusual(begun, CallOutcome::Ok, None),
    }
}

#[inline(never)]
fn end_metric(begun: &mut Begun) {
    if !metric::end(&begun.call) {
        end_unusual(begun, CallOutcome::Ok, None);
    }
}

/// One for each type of value, where it would be one for each function.
#[inline(never)]
fn end_described<T, D: Describe<T>>(begun: &mut Begun, value: &T, describe: D) {
    match describe.describe(value, begun.call.site.kind) {
        None => end_ok(begun),
        failure => end_failed(begun, failure),
    }
}

#[cold]
#[inline(never)]
fn end_failed(begun: &mut Begun, failure: Option<Box<Failure>>) {
    end_unusual(begun, CallOutcome::Error, failure);
}

#[inline(never)]
fn end_unfinished(begun: &mut Begun) {
    match begun.unfinished {
        Unfinished::PanicWhileUnwinding | Unfinished::PanicIfUnwinding
            if !std::thread::panicking() =>
        {
            end_ok(begun)
        }
        Unfinished::Ok => end_ok(begun),
        _ => end_unusual(begun, CallOutcome::Panic, None),
    }
}

/// The end of a call by the full rules.
#[cold]
#[inline(never)]
fn end_unusual(begun: &mut Begun, outcome: CallOutcome, failure: Option<Box<Failure>>) {
    let now = clock::now();
    if begun.call.take_watched()
        && let Some(opened) = begun.opened.take()
    {
        begun.call.rename(opened.renamed());
        opened.end(Ending {
            site: begun.call.site,
            outcome,
            failure: failure.as_deref(),
        });
    }
    let call = &begun.call;
    let duration = now.saturating_sub(call.start);
    let has_span = call.span != SpanId::INVALID;
    if call.cell.is_none() && !has_span {
        // From `without_local`, which has counted it.
        return end_shared(call, outcome, duration);
    }
    let recorded = local::with(|local| {
        let outcome = local.outcome_of(call, outcome);
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
    let _inside = Inside::enter();
    metrics::shared_cell(call.site).end_shared(outcome, duration);
}
