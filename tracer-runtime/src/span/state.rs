//! What a future knows of its asynchronous call, from its first poll to its end.
//!
//! It stays where it is while the future is polled or dropped: only what is current in the thread changes then.

use std::mem;
use std::num::NonZeroU64;

use super::guard::{Guard, NOWHERE};
use super::start::Start;
use super::watched::Watched;
use crate::callsite::Callsite;
use crate::id::{SpanId, TraceId};
use crate::recorder::account::DropReason;
use crate::recorder::call::Running;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::{self, lost_record};
use crate::recorder::renamed::Renamed;
use crate::subscriber::Opened;

/// See the module. A future whose alignment is one byte grows by seven more.
///
/// The future holds both parts, on either side of its inner one; see [`super::dropping`].
#[derive(Debug)]
pub(super) struct Call {
    pub(super) site: &'static Callsite,
    pub(super) state: State,
}

const _: () = assert!(size_of::<Call>() <= 56);

/// Two kinds, so that the fragment's id tells them apart: a tag would be a word more.
#[derive(Debug)]
pub(super) enum State {
    Child(Child),
    Other(Other),
}

/// A call in the trace of somebody else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child {
    /// Where it was at its latest poll; mostly it still is.
    pub(super) fragment: NonZeroU64,
    pub(super) span: SpanId,
    pub(super) parent: SpanId,
    pub(super) start: Started,
    pub(super) trace: TraceId,
}

#[derive(Debug)]
pub(super) enum Other {
    /// For its first poll.
    Waiting,
    /// For its first poll, which is told where it begins.
    WaitingAt(Box<Start>),
    /// In a fragment of its own, which the thread has while the future is polled or dropped.
    Root {
        span: SpanId,
        parent: SpanId,
        start: Started,
        fragment: Option<Box<Fragment>>,
    },
    /// In a fragment of its own that held nothing yet: many futures wait in one that is soon used again.
    Blank {
        span: SpanId,
        start: Started,
        trace: TraceId,
    },
    /// It has no span, or its record goes nowhere, for a reason that has been counted; the metrics count.
    Unrecorded(Started),
    /// Whatever else it is, a subscriber has a span of it.
    Watched(Box<Watched>),
    /// Recorded by nobody, or no more since it has panicked.
    Nobody,
    /// Over, with the value of its future: nothing is left to drop.
    Done,
}

/// When a call began, in ticks, and whether it is counted: what was decided then holds to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started(u64);

impl Started {
    /// No clock gets that far.
    const UNCOUNTED: u64 = 1 << 63;

    #[inline(always)]
    pub(super) const fn new(ticks: u64, counted: bool) -> Self {
        match counted {
            true => Self(ticks),
            false => Self(ticks | Self::UNCOUNTED),
        }
    }

    #[inline(always)]
    pub(super) const fn ticks(self) -> u64 {
        self.0 & !Self::UNCOUNTED
    }

    #[inline(always)]
    pub(super) const fn is_counted(self) -> bool {
        self.0 & Self::UNCOUNTED == 0
    }

    /// The ticks of a call that is counted; far in the future for any other.
    #[inline(always)]
    pub(super) const fn if_counted(self) -> u64 {
        self.0
    }
}

impl State {
    /// A call that has begun, or goes on, in the thread's active fragment, which is of this trace.
    pub(super) fn of(call: &Running, counted: bool, trace: TraceId) -> Self {
        if call.fragment == NOWHERE {
            return Self::Other(Other::unrecorded(Started::new(call.start, counted)));
        }
        match call.span.0 == call.fragment {
            true => Self::root(call, counted),
            false => Self::child(call, counted, trace),
        }
    }

    #[inline(always)]
    pub(super) fn child(call: &Running, counted: bool, trace: TraceId) -> Self {
        let start = Started::new(call.start, counted);
        match NonZeroU64::new(call.fragment) {
            Some(fragment) => Self::Child(Child {
                fragment,
                span: call.span,
                parent: call.parent,
                start,
                trace,
            }),
            None => Self::Other(Other::unrecorded(start)),
        }
    }

    #[inline(always)]
    pub(super) fn root(call: &Running, counted: bool) -> Self {
        Self::Other(Other::Root {
            span: call.span,
            parent: call.parent,
            start: Started::new(call.start, counted),
            fragment: None,
        })
    }

    /// Whether the call has begun with a span of ours.
    pub(super) fn has_span(&self) -> bool {
        match self {
            Self::Child(_) | Self::Other(Other::Root { .. } | Other::Blank { .. }) => true,
            Self::Other(Other::Watched(watched)) => watched.call.state.has_span(),
            Self::Other(_) => false,
        }
    }

    #[inline]
    pub(super) const fn is_done(&self) -> bool {
        matches!(self, Self::Other(Other::Done))
    }

    #[inline]
    pub(super) const fn is_recorded(&self) -> bool {
        !matches!(self, Self::Other(Other::Nobody | Other::Done))
    }

    /// A call that is current, as its end must know it; `None` where nobody records it.
    #[inline(always)]
    pub(super) fn running(&self, site: &'static Callsite) -> Option<(Running, Started)> {
        let (fragment, span, parent, start) = match *self {
            Self::Child(child) => (child.fragment.get(), child.span, child.parent, child.start),
            Self::Other(Other::Root {
                span,
                parent,
                start,
                ..
            }) => (span.0, span, parent, start),
            Self::Other(Other::Blank { span, start, .. }) => (span.0, span, SpanId::INVALID, start),
            Self::Other(Other::Unrecorded(start)) => {
                (NOWHERE, SpanId::INVALID, SpanId::INVALID, start)
            }
            Self::Other(
                Other::Waiting
                | Other::WaitingAt(_)
                | Other::Watched(_)
                | Other::Nobody
                | Other::Done,
            ) => return None,
        };
        let running = Running {
            site,
            cell: None,
            fragment,
            parent,
            span,
            start: start.ticks(),
        };
        Some((running, start))
    }

    /// In the place of a state that is known to hold nothing.
    #[inline(always)]
    pub(super) fn put(&mut self, state: Self) {
        mem::forget(mem::replace(self, state));
    }

    /// Takes the state out; what is left is nobody's.
    pub(super) fn take(&mut self) -> Self {
        mem::replace(self, Self::Other(Other::Nobody))
    }
}

impl Other {
    /// A call that has no record: over, where it is not counted either.
    #[inline]
    pub(super) const fn unrecorded(start: Started) -> Self {
        match start.is_counted() {
            true => Self::Unrecorded(start),
            false => Self::Nobody,
        }
    }
}

impl Call {
    pub(super) fn waiting_at(site: &'static Callsite, at: Start) -> Self {
        Self {
            site,
            state: State::Other(Other::WaitingAt(Box::new(at))),
        }
    }

    /// A call that began in a function and goes on in the future that it returned.
    #[inline(never)]
    pub(super) fn of_guard(guard: Guard) -> Self {
        static NOBODY: Callsite = Callsite::new("", "", "");
        let Some((call, opened)) = guard.take_call() else {
            return Self {
                site: &NOBODY,
                state: State::Other(Other::Nobody),
            };
        };
        if let Some(opened) = opened {
            opened.leave();
            return Self::of_running(call).watched_by(opened);
        }
        Self::of_running(call)
    }

    fn of_running(call: Running) -> Self {
        let start = Started::new(call.start, Guard::is_counted(&call));
        let state = match call.fragment {
            NOWHERE => None,
            _ => local::with(|local| {
                let mut state = State::of(&call, start.is_counted(), local.trace.get());
                match &mut state {
                    State::Child(_) if local.span.get() == call.span => local.span.set(call.parent),
                    State::Other(Other::Root { fragment, .. }) => {
                        *fragment = match local.fragment_id.get() == call.fragment {
                            true => local.pop_top(),
                            false => local.remove_suspended(call.fragment),
                        };
                        if fragment.is_none() {
                            lost_record(DropReason::Misnested);
                            return State::Other(Other::unrecorded(start));
                        }
                    }
                    _ => {}
                }
                state
            }),
        };
        Self {
            site: call.site,
            state: state.unwrap_or(State::Other(Other::unrecorded(start))),
        }
    }

    /// The same with a span of a subscriber's.
    pub(super) fn watched_by(self, opened: Opened) -> Self {
        let site = self.site;
        let watched = Box::new(Watched { call: self, opened });
        Self {
            site,
            state: State::Other(Other::Watched(watched)),
        }
    }

    /// The call has other ids from now on.
    pub(super) fn rename(&mut self, renamed: Renamed) {
        match &mut self.state {
            State::Child(Child { span, .. })
            | State::Other(Other::Root { span, .. } | Other::Blank { span, .. }) => {
                renamed.span(span);
            }
            State::Other(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_a_call_is_counted_is_kept_beside_its_start() {
        for ticks in [0, 1, 1 << 40, u64::MAX >> 1] {
            for counted in [true, false] {
                let started = Started::new(ticks, counted);
                assert_eq!((started.ticks(), started.is_counted()), (ticks, counted));
                assert_eq!(started.if_counted() == ticks, counted);
            }
        }
    }
}
