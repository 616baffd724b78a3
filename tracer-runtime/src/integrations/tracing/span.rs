//! A span of a subscriber, in our trees: entered on any thread and any number of times, at once too.
//!
//! Entered where its trace is active, it becomes current there. Entered anywhere else it opens a fragment of its own, as a
//! task does, and keeps that until it ends.

use super::entry::Entry;
use crate::callsite::Callsite;
use crate::clock;
use crate::context::Link;
use crate::record::CallOutcome;
use crate::recorder::apart::{Ended, Said as _};
use crate::recorder::local::{self, Local};
use crate::span::context::Context;
use crate::span::detached::{Detached, Under};
use crate::span::noted::Noted;
use crate::span::spare::Spare;
use crate::value::KeyValue;

thread_local! {
    static SPARE: Spare<Span> = const { Spare::new() };
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
        let Some(mut blank) = SPARE.try_with(Spare::take).ok().flatten() else {
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
        if self.ended && !self.panicked && self.noted.is_blank() {
            let _ = SPARE.try_with(|spare| spare.keep(self));
        }
    }

    /// False where nobody records it.
    #[inline]
    pub(super) fn begin(&mut self, under: &Under, attributes: Vec<KeyValue>) -> bool {
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
        local::with(|local| {
            if local.is_in(trace) {
                return Some(Entry::active(local, span));
            }
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
        let ended = Ended {
            outcome: match self.panicked {
                true => CallOutcome::Panic,
                false => self.noted.outcome(outcome),
            },
            duration: clock::now().saturating_sub(self.place.start_ticks()),
        };
        let done = local::with(|local| {
            self.place.count_end(Some(local), ended);
            if self.has_span() {
                let site = site.unwrap_or(self.site());
                let noted = &mut self.noted;
                self.place.end(local, site, ended, noted, disowned);
            }
        });
        if done.is_none() {
            self.place.count_end(None, ended);
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
