//! An asynchronous call while its future is polled or dropped.

use super::begun::Begun;
use super::future::Call;
use crate::callsite::{Callsite, Signals, SpanKind};
use crate::id::{SpanId, TraceId};
use crate::metrics;
use crate::mode;
use crate::record::{CallOutcome, Failure};
use crate::recorder::call::{self, Beginning};

/// A call while it is polled or dropped; `None` where nobody records it. Dropped without an end, it unwinds.
pub(super) struct Active(Option<Begun>);

impl Active {
    /// No call yet.
    #[inline]
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// Takes the call out of its future.
    ///
    /// Writes to a place rather than returning something, so that what follows here are jumps.
    #[inline(never)]
    fn resume(&mut self, place: &mut Call) {
        match *place {
            Call::Waiting { site, at: None } if site.has_both() => {
                self.begin_counted(place, site, cfg!(feature = "metrics"));
            }
            Call::Waiting { site, at: None } => self.begin_less(place, site),
            _ => self.resume_slow(place),
        }
    }

    /// For a callsite that does not take part in both signals, or has not been called before.
    #[inline(never)]
    fn begin_less(&mut self, place: &mut Call, site: &'static Callsite) {
        match site.signals() {
            Signals::Neither => place.make_done(),
            Signals::SpansOnly => self.begin_counted(place, site, false),
            Signals::Both | Signals::MetricsOnly => self.resume_slow(place),
        }
    }

    #[inline(always)]
    fn begin_counted(&mut self, place: &mut Call, site: &'static Callsite, counted: bool) {
        match call::begin(site, counted.then(|| site.id_of_both())) {
            Beginning::Child(call, trace, depth) => {
                place.make_done();
                self.0 = Some(Begun {
                    trace,
                    before: call.parent,
                    depth,
                    counted,
                    call,
                });
            }
            Beginning::Root(cell) => self.begin_root(place, site, cell),
            Beginning::Unusual => self.resume_slow(place),
        }
    }

    #[inline(never)]
    fn begin_root(
        &mut self,
        place: &mut Call,
        site: &'static Callsite,
        cell: Option<&'static metrics::Cell>,
    ) {
        let Some(call) = call::begin_root(site, cell) else {
            return self.resume_slow(place);
        };
        place.make_done();
        self.0 = Some(Begun {
            counted: call.cell.is_some(),
            call,
            // Its fragment knows.
            trace: TraceId::INVALID,
            before: SpanId::INVALID,
            depth: 0,
        });
    }

    #[inline(never)]
    fn resume_slow(&mut self, place: &mut Call) {
        Begun::resume(&mut self.0, place);
    }

    #[inline]
    #[allow(
        clippy::manual_map,
        reason = "a closure is one more function in every crate that polls"
    )]
    pub(super) fn kind(&self) -> Option<SpanKind> {
        match &self.0 {
            Some(begun) => Some(begun.call.site.kind),
            None => None,
        }
    }

    /// Before a poll. In the call's own place: to move what a function returns costs more than to make it.
    #[inline]
    pub(super) fn begin(&mut self, place: &mut Call) {
        if mode::get() == 0 && place.is_waiting() {
            place.forgo();
        } else if !place.is_done() {
            self.resume(place);
        }
    }

    /// Before the drop of the future.
    #[inline]
    pub(super) fn begin_drop(&mut self, place: &mut Call) {
        if place.is_waiting() {
            place.forgo();
        } else if !place.is_done() {
            self.resume(place);
        }
    }

    /// After a poll that ended pending: back into the future.
    #[inline]
    pub(super) fn pause(&mut self, place: &mut Call) {
        if let Some(begun) = &self.0 {
            begun.put_into(place);
            self.0 = None;
        }
    }

    /// The call has ended by itself; `None` is `ok`.
    #[inline]
    pub(super) fn end(&mut self, failure: Option<Box<Failure>>) {
        if let Some(begun) = &self.0 {
            match failure {
                None => begun.end_ok(),
                failure => begun.end_failed(failure),
            }
            self.0 = None;
        }
    }

    /// The call's future was dropped.
    #[inline]
    pub(super) fn cancel(&mut self) {
        if let Some(begun) = &self.0 {
            begun.end_unusual(CallOutcome::Cancelled, None);
            self.0 = None;
        }
    }
}

impl Drop for Active {
    /// Only while unwinding there is still a call: every other way out ends or pauses it.
    #[inline]
    fn drop(&mut self) {
        if let Some(begun) = &self.0 {
            begun.end_unusual(CallOutcome::Panic, None);
        }
    }
}
