//! A span of a subscriber, in our trees: entered on any thread and any number of times, at once too.
//!
//! Entered where its trace is active, it becomes current there. Entered anywhere else it opens a fragment of its own, as a
//! task does, and keeps that until it ends.

use std::cell::RefCell;

use super::entry::{Entry, enter_active};
use crate::callsite::Callsite;
use crate::clock;
use crate::context::Link;
use crate::record::CallOutcome;
use crate::recorder::apart::Said as _;
use crate::recorder::local::{self, Local};
use crate::span::context::Context;
use crate::span::detached::{Detached, Under};
use crate::span::noted::Noted;
use crate::value::KeyValue;

/// Ended spans whose memory a thread keeps for the next ones.
const MAX_SPARE: usize = 4;

thread_local! {
    static SPARE: RefCell<Vec<Box<Span>>> = const { RefCell::new(Vec::new()) };
}

/// See the module.
#[derive(Debug)]
pub(super) struct Span {
    place: Detached,
    pub(super) noted: Noted,
    panicked: bool,
    /// Or has not begun.
    ended: bool,
}

impl Span {
    /// One that has not begun.
    #[inline]
    pub(super) fn blank(site: &'static Callsite) -> Box<Self> {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.pop());
        let Some(mut blank) = spare.ok().flatten() else {
            return Self::new(site);
        };
        blank.place.renew(site);
        blank
    }

    #[cold]
    #[inline(never)]
    fn new(site: &'static Callsite) -> Box<Self> {
        Box::new(Self {
            place: Detached::new(site),
            noted: Noted::default(),
            panicked: false,
            ended: true,
        })
    }

    /// Keeps the memory of one that has ended, or has not begun, where nothing but attributes was said of it.
    #[inline]
    pub(super) fn keep(self: Box<Self>) {
        if !self.ended || self.panicked || !self.noted.is_blank() {
            return;
        }
        let _ = SPARE.try_with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut()
                && spare.len() < MAX_SPARE
            {
                spare.push(self);
            }
        });
    }

    /// False where nobody records it.
    #[inline]
    pub(super) fn begin(&mut self, under: Under, attributes: Vec<KeyValue>) -> bool {
        let begun = local::with(|local| {
            let signals = self.place.site().signals();
            if !signals.has_spans() {
                return self.place.start_without_span(local, signals);
            }
            self.place.place(local, under)?;
            self.place.start(local, signals);
            self.place.tell_capture();
            Some(())
        });
        let begun = begun.flatten().is_some();
        self.ended = !begun;
        if begun {
            self.noted.begin_with(attributes);
        }
        begun
    }

    pub(super) const fn site(&self) -> &'static Callsite {
        self.place.site()
    }

    /// Names it; invalid where it is counted and has no span.
    pub(super) const fn context(&self) -> Context {
        self.place.context()
    }

    /// The fragment that ends with it, as the root of a trace.
    pub(super) fn own_fragment(&self) -> Option<u64> {
        self.place.own_fragment()
    }

    pub(super) const fn has_span(&self) -> bool {
        self.place.has_span()
    }

    pub(super) fn link(&mut self, to: Context) {
        if to.is_valid() {
            self.noted.link(Link::from(to));
        }
    }

    /// Makes it current on this thread; `None` where it has no span, or no place here.
    pub(super) fn enter(&mut self) -> Option<Entry> {
        if !self.has_span() {
            return None;
        }
        let (trace, span) = (self.context().trace_id(), self.context().span_id());
        if let Some(entry) = enter_active(trace, span) {
            return Some(entry);
        }
        local::with(|local| {
            let before = local.span.get();
            let own = self.place.open(local)?;
            let entry = Entry::with(span, before, own.id);
            match local.push_top(own, span) {
                Ok(()) => Some(entry),
                Err(own) => {
                    self.place.close(local, own);
                    None
                }
            }
        })
        .flatten()
    }

    /// Undoes an entry, on its thread.
    pub(super) fn exit(&mut self, entry: &Entry) {
        self.panicked |= entry.has_panicked();
        local::with(|local| {
            self.collect(local, entry.fragment);
            if let Some(own) = entry.leave(local) {
                self.place.close(local, own);
            }
        });
    }

    /// Takes what was recorded while it was current: where its record goes is known at its end only.
    fn collect(&mut self, local: &Local, fragment: u64) {
        let span = self.context().span_id();
        let taken = local.look_into(fragment, |fragment| fragment.details.take_open(span));
        if let Some((details, claim)) = taken.flatten() {
            self.noted.add(details, claim);
        }
    }

    /// Ends it, on whatever thread. From now on it is known by `site`, if any. `disowned` where others are still entered in
    /// the fragment that it owned.
    pub(super) fn end(&mut self, site: Option<&'static Callsite>, disowned: bool) {
        self.end_as(site, CallOutcome::Ok, disowned);
    }

    #[inline]
    fn end_as(&mut self, site: Option<&'static Callsite>, outcome: CallOutcome, disowned: bool) {
        self.ended = true;
        let duration = clock::now().saturating_sub(self.place.start_ticks());
        let outcome = match self.panicked {
            true => CallOutcome::Panic,
            false => self.noted.outcome(outcome),
        };
        let ended = local::with(|local| {
            self.place.count_end(Some(local), outcome, duration);
            if self.has_span() {
                let site = site.unwrap_or(self.site());
                let record = self.place.record(site, outcome, duration);
                self.place.end(local, record, &mut self.noted, disowned);
            }
        });
        if ended.is_none() {
            self.place.count_end(None, outcome, duration);
            self.place.end_without_local();
        }
    }
}

/// Whoever held it is gone.
impl Drop for Span {
    fn drop(&mut self) {
        if !self.ended {
            self.end_as(None, CallOutcome::Cancelled, false);
        }
    }
}
