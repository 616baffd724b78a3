//! What has been found in a carrier so far.

use std::sync::Arc;

use super::Extract;
use super::errors::{Format, Reason, count};
use crate::baggage::{Baggage, Collector, MAX_MEMBERS, Member, Reach};
use crate::context::{Carried, Remote, SAMPLED, Sampling};
use crate::id::{SpanId, TraceId};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) parent: Option<Parent>,
    /// Said without naming a parent.
    pub(super) sampled: Option<bool>,
    /// What comes beside a parent, but for the baggage.
    carried: Option<Arc<Carried>>,
    pub(super) baggage: Option<Box<Collector>>,
    /// Members that single headers have brought, taken or not.
    single_members: usize,
}

/// The caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    trace: TraceId,
    span: SpanId,
    flags: u8,
    sampling: Sampling,
}

impl Parent {
    /// Whose trace flags decide.
    pub(super) const fn new(trace: TraceId, span: SpanId, flags: u8) -> Self {
        Self {
            trace,
            span,
            flags,
            sampling: Sampling::Decided,
        }
    }

    /// Who says whether to sample, or leaves it to us.
    pub(super) const fn deciding(trace: TraceId, span: SpanId, sampled: Option<bool>) -> Self {
        let (flags, sampling) = match sampled {
            Some(true) => (SAMPLED, Sampling::Decided),
            Some(false) => (0, Sampling::Decided),
            None => (0, Sampling::Deferred),
        };
        Self {
            trace,
            span,
            flags,
            sampling,
        }
    }
}

impl Found {
    /// Whether one more header that is a member is to be looked at. That one too many has come is counted once.
    pub(super) fn takes_another(&mut self, format: Format) -> bool {
        self.single_members += 1;
        if self.single_members == MAX_MEMBERS + 1 {
            count(format, Reason::TooMany);
        }
        self.single_members <= MAX_MEMBERS
    }

    /// No header that is a member is looked at any more, and that is counted.
    pub(super) const fn has_too_many(&self) -> bool {
        self.single_members > MAX_MEMBERS
    }

    /// Files a member as long as there is room; whoever comes first in the order of the propagators is right.
    pub(super) fn add_member(&mut self, format: Format, key: &str, value: &str, reach: Reach) {
        let baggage = self.baggage.get_or_insert_default();
        if baggage.knows(key) {
            return;
        }
        let added = baggage.add(Member {
            key,
            value,
            properties: "",
            reach,
        });
        if !added {
            count(format, Reason::TooLong);
        }
    }

    pub(super) fn set_peer_service(&mut self, format: Format, name: &[u8]) {
        self.set_name(format, name, |carried| &mut carried.peer_service);
    }

    pub(super) fn set_peer_namespace(&mut self, format: Format, namespace: &[u8]) {
        self.set_name(format, namespace, |carried| &mut carried.peer_namespace);
    }

    pub(super) fn set_peer_environment(&mut self, format: Format, environment: &[u8]) {
        self.set_name(format, environment, |carried| &mut carried.peer_environment);
    }

    /// The first that is said counts, up to 256 bytes of it.
    fn set_name(
        &mut self,
        format: Format,
        name: &[u8],
        place: impl FnOnce(&mut Carried) -> &mut Option<Box<str>>,
    ) {
        match std::str::from_utf8(name) {
            Ok("") => {}
            Ok(name) if name.len() <= 256 => {
                if let Some(carried) = self.carried() {
                    place(carried).get_or_insert_with(|| name.into());
                }
            }
            Ok(_) => count(format, Reason::TooLong),
            Err(_) => count(format, Reason::NotText),
        }
    }

    pub(super) fn set_tracestate(&mut self, state: &str) {
        if let Some(carried) = self.carried() {
            carried.tracestate = Some(state.into());
        }
    }

    pub(super) fn set_debug(&mut self) {
        if let Some(carried) = self.carried() {
            carried.debug = true;
        }
    }

    /// Nobody else has it yet.
    fn carried(&mut self) -> Option<&mut Carried> {
        Arc::get_mut(self.carried.get_or_insert_default())
    }

    #[inline]
    pub(super) fn into_remote(mut self) -> Option<Remote> {
        if let Some(baggage) = self.baggage.take() {
            self.set_baggage(baggage.finish());
        }
        let parent = match self.parent {
            Some(parent) => parent,
            None if self.carried.is_none() && self.sampled.is_none() => return None,
            None => Parent::deciding(TraceId::INVALID, SpanId::INVALID, self.sampled),
        };
        Some(Remote {
            trace_id: parent.trace,
            span_id: parent.span,
            flags: parent.flags,
            sampling: parent.sampling,
            carried: self.carried,
        })
    }

    fn set_baggage(&mut self, baggage: Baggage) {
        if !baggage.is_empty()
            && let Some(carried) = self.carried()
        {
            carried.baggage = baggage;
        }
    }
}

/// The value of a header that may come once; counts one that comes several times.
#[inline]
pub(super) fn only<'a>(carrier: &'a dyn Extract, name: &str, format: Format) -> Option<&'a [u8]> {
    let mut first = None;
    let mut repeated = false;
    carrier.for_each_value(name, &mut |value| {
        repeated |= first.is_some();
        first = first.or(Some(value));
    });
    if repeated {
        count(format, Reason::Repeated);
        return None;
    }
    first
}
