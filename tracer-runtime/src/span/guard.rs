//! The span of a synchronous call: a guard on its stack.

mod end;
mod enter;

use std::future::Future;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

use end::{end_described, end_failed, end_ok, end_unfinished};
use enter::{enter_on, enter_on_alone};

use super::describe::Describe;
use super::future::Traced;
use super::opening;
use super::start::Start;
use crate::callsite::{Callsite, SpanKind};
use crate::id::SpanId;
use crate::mode;
use crate::record::Failure;
use crate::recorder::call::Running;
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
        opening::enter_there(site, at)
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
        let Some(start) = opening::begin_shared(site) else {
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
