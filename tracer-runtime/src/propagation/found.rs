//! What has been found in a carrier so far.

use std::sync::Arc;

use super::Extract;
use super::errors::{Format, Reason, count};
use crate::baggage::{Collector, MAX_MEMBERS, Member, Reach};
use crate::context::{Carried, RANDOM, Remote, SAMPLED, Sampling};
use crate::id::{SpanId, TraceId};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) parent: Option<Parent>,
    pub(super) tracestate: Option<Box<str>>,
    /// Said without naming a parent.
    pub(super) sampled: Option<bool>,
    pub(super) debug: bool,
    pub(super) baggage: Option<Box<Collector>>,
    pub(super) peer_service: Option<Box<str>>,
    peer_namespace: Option<Box<str>>,
    /// Members that single headers have brought, taken or not.
    single_members: usize,
}

/// The caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// `None` where the decision is left to us.
    pub(super) sampled: Option<bool>,
    pub(super) random: bool,
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
        set_name(&mut self.peer_service, format, name);
    }

    pub(super) fn set_peer_namespace(&mut self, format: Format, namespace: &[u8]) {
        set_name(&mut self.peer_namespace, format, namespace);
    }

    pub(super) fn into_remote(self) -> Option<Remote> {
        let carries = self.tracestate.is_some()
            || self.peer_service.is_some()
            || self.peer_namespace.is_some()
            || self.debug
            || self
                .baggage
                .as_ref()
                .is_some_and(|baggage| !baggage.is_empty());
        let sampled = match self.parent {
            Some(parent) => parent.sampled,
            None if carries || self.sampled.is_some() => self.sampled,
            None => return None,
        };
        let parent = self.parent.unwrap_or(Parent {
            trace: TraceId::INVALID,
            span: SpanId::INVALID,
            sampled,
            random: false,
        });
        let sampled_flag = if sampled == Some(true) { SAMPLED } else { 0 };
        let random_flag = if parent.random { RANDOM } else { 0 };
        let mut remote = Remote::new(parent.trace, parent.span, sampled_flag | random_flag);
        if sampled.is_none() {
            remote.sampling = Sampling::Deferred;
        }
        remote.carried = carries.then(|| {
            Arc::new(Carried {
                tracestate: self.tracestate,
                baggage: self
                    .baggage
                    .map(|baggage| baggage.finish())
                    .unwrap_or_default(),
                peer_service: self.peer_service,
                peer_namespace: self.peer_namespace,
                debug: self.debug,
            })
        });
        Some(remote)
    }
}

/// The first that is said counts, up to 256 bytes of it.
fn set_name(place: &mut Option<Box<str>>, format: Format, name: &[u8]) {
    match std::str::from_utf8(name) {
        Ok("") => {}
        Ok(name) if name.len() <= 256 => {
            place.get_or_insert_with(|| name.into());
        }
        Ok(_) => count(format, Reason::TooLong),
        Err(_) => count(format, Reason::NotText),
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
