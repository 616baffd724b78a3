//! A span of the API from its start to its end.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue as OtelKeyValue;
use opentelemetry::trace::{
    Event as OtelEvent, Link as OtelLink, SpanBuilder, SpanContext, Status,
};

use super::convert::{bytes, key_value_of, link_of, unix_ns};
use super::said::Said;
use super::scope::Scope;
use super::told::Told;
use crate::callsite::Callsite;
use crate::clock;
use crate::context::Link;
use crate::mode;
use crate::record::{CallOutcome, Event, EventKind, Failure, Foreign, SpanDetails};
use crate::recorder::apart::Ended;
use crate::recorder::budget::Claim;
use crate::recorder::local;
use crate::span::context::Context;
use crate::span::detached::Detached;
use crate::span::inside::{MAX_ATTRIBUTES, MAX_EVENTS, MAX_LINKS, cut};
use crate::span::spare::Spare;
use crate::value::KeyValue;

/// Claimed at the end only, so that most spans need not ask while they run.
const FREE_BYTES: usize = 1024;
/// Two readings of the time that are no further apart are the same: see [`clock::follow_the_wall`].
const NOISE_NS: u64 = 20_000;

thread_local! {
    static SPARE: Spare<Recording> = const { Spare::new() };
}

/// See the module.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) named: SpanContext,
    pub(super) place: Detached,
    status: Status,
    told: Told,
    /// Bytes that it holds.
    used: usize,
    is_over: bool,
}

impl Recording {
    /// Begins, in its place.
    #[inline]
    pub(super) fn start(&mut self, builder: SpanBuilder) {
        let start_unix_ns = builder.start_time.map(unix_ns);
        let ticks = start_unix_ns.map_or_else(clock::now, |ns| clock::scale().tick_at(ns));
        self.place.start_at(ticks);
        self.told.foreign.name = Some(builder.name);
        self.told.foreign.start_unix_ns = start_unix_ns;
        if mode::get() & mode::CAPTURING != 0 {
            self.tell_capture();
        }
        if builder.attributes.is_some() || builder.events.is_some() || builder.links.is_some() {
            self.begin_with(builder.attributes, builder.events, builder.links);
        }
    }

    /// One of which nothing is known but whose it is.
    #[inline]
    pub(super) fn blank(site: &'static Callsite, scope: &'static Scope) -> Box<Self> {
        let Some(mut blank) = SPARE.try_with(Spare::take).ok().flatten() else {
            return Self::new(site, scope);
        };
        blank.place.renew(site);
        blank.status = Status::Unset;
        blank.used = size_of::<Foreign>();
        blank.is_over = false;
        let foreign = &mut blank.told.foreign;
        foreign.is_ok = false;
        foreign.end_unix_ns = None;
        if let Some(said) = &mut foreign.otel {
            said.scope = scope;
        }
        blank
    }

    #[cold]
    #[inline(never)]
    fn new(site: &'static Callsite, scope: &'static Scope) -> Box<Self> {
        Box::new(Self {
            named: SpanContext::NONE,
            place: Detached::new(site),
            status: Status::Unset,
            told: Told {
                foreign: Foreign {
                    verbatim: true,
                    otel: Some(Said::nothing(scope)),
                    ..Foreign::default()
                },
                failure: None,
                more: None,
                bytes: 0,
                claim: Claim::default(),
            },
            used: size_of::<Foreign>(),
            is_over: false,
        })
    }

    /// Keeps the memory of one that has ended for the next one, where all that it was told has been taken from it and nothing
    /// but attributes was.
    #[inline]
    pub(super) fn keep(self: Box<Self>) {
        let foreign = &self.told.foreign;
        if foreign.name.is_none() && foreign.otel.as_ref().is_some_and(Said::is_blank) {
            let _ = SPARE.try_with(|spare| spare.keep(self));
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    #[inline(never)]
    fn begin_with(
        &mut self,
        attributes: Option<Vec<OtelKeyValue>>,
        events: Option<Vec<OtelEvent>>,
        links: Option<Vec<OtelLink>>,
    ) {
        for attribute in attributes.into_iter().flatten() {
            self.set(attribute);
        }
        for event in events.into_iter().flatten() {
            self.add_event(event.name, event.timestamp, event.attributes);
        }
        for link in links.into_iter().flatten() {
            self.add_link(&link.span_context, link.attributes);
        }
    }

    /// A capture shows spans that run.
    #[cold]
    fn tell_capture(&self) {
        if let (Some(live), Some(name)) = (self.place.tell_capture(), &self.told.foreign.name) {
            live.named(self.context().span_id(), name.clone());
        }
    }

    pub(super) const fn context(&self) -> Context {
        self.place.context()
    }

    /// Room for so many bytes more; false where the budget is used up.
    #[inline]
    fn grow(&mut self, bytes: usize) -> bool {
        let granted = self.used + bytes <= self.told.claim.bytes() + FREE_BYTES
            || self.told.claim.grow(bytes);
        self.used += if granted { bytes } else { 0 };
        granted
    }

    /// There from the start on, until the end takes it.
    fn said(&mut self) -> Option<&mut Said> {
        self.told.foreign.otel.as_mut()
    }

    #[inline]
    pub(super) fn set(&mut self, attribute: OtelKeyValue) {
        let granted = self.grow(bytes(&attribute));
        if let Some(said) = self.said()
            && !(granted && said.attribute(attribute))
        {
            said.dropped_attributes += 1;
        }
    }

    pub(super) fn add_event(
        &mut self,
        name: Cow<'static, str>,
        time: SystemTime,
        mut attributes: Vec<OtelKeyValue>,
    ) {
        let dropped_attributes = attributes.len().saturating_sub(MAX_ATTRIBUTES) as u32;
        attributes.truncate(MAX_ATTRIBUTES);
        let held: usize = attributes.iter().map(bytes).sum();
        let granted = self.grow(size_of::<Event>() + name.len() + held);
        let Some(said) = self.said() else {
            return;
        };
        if !granted || said.events.len() >= MAX_EVENTS {
            said.dropped_events += 1;
            return;
        }
        let (time, unix_ns) = tick_of(time);
        said.events.push(Event {
            kind: EventKind::Event,
            name,
            time,
            unix_ns,
            attributes: attributes.into_iter().map(key_value_of).collect(),
            dropped_attributes,
        });
    }

    pub(super) fn add_link(&mut self, to: &SpanContext, mut attributes: Vec<OtelKeyValue>) {
        if !to.is_valid() {
            return;
        }
        attributes.truncate(MAX_ATTRIBUTES);
        let held: usize = attributes.iter().map(bytes).sum();
        let granted = self.grow(size_of::<Link>() + held);
        if let Some(said) = self.said() {
            match granted && said.links.len() < MAX_LINKS {
                true => said.links.push(link_of(to, attributes)),
                false => said.dropped_links += 1,
            }
        }
    }

    /// `Ok` is final, and nothing unsets a status.
    pub(super) fn set_status(&mut self, status: Status) {
        if self.status != Status::Ok && status != Status::Unset {
            self.status = status;
        }
    }

    pub(super) fn rename(&mut self, name: Cow<'static, str>) {
        self.told.foreign.name = Some(name);
    }

    /// Takes what annotated calls, or those that read our current span, have recorded of it elsewhere.
    pub(super) fn take_in(&mut self, details: SpanDetails) {
        let attribute = |a: &KeyValue| size_of::<KeyValue>() + a.value.heap_bytes();
        let held: usize = details.attributes.iter().map(attribute).sum();
        if self.grow(held + size_of_val(details.events.as_slice())) {
            self.told.more.get_or_insert_default().add(details);
        } else if let Some(said) = self.said() {
            said.dropped_attributes += details.attributes.len() as u32;
            said.dropped_events += details.events.len() as u32;
        }
    }

    pub(super) fn end_now(&mut self) {
        self.end(clock::now(), None);
    }

    pub(super) fn end_at(&mut self, time: SystemTime) {
        let (end, end_unix_ns) = tick_of(time);
        self.end(end, end_unix_ns);
    }

    #[inline(never)]
    fn end(&mut self, end: u64, end_unix_ns: Option<u64>) {
        self.is_over = true;
        let (outcome, failure) = self.outcome();
        let ended = Ended {
            outcome,
            duration: end.saturating_sub(self.place.start_ticks()),
        };
        let told = &mut self.told;
        told.foreign.end_unix_ns = end_unix_ns;
        told.failure = failure;
        told.bytes = self.used.saturating_sub(told.claim.bytes());
        let place = &mut self.place;
        let site = place.site();
        if local::with(|local| place.end(local, site, ended, told, false)).is_none() {
            place.end_without_local();
        }
    }

    fn outcome(&mut self) -> (CallOutcome, Option<Box<Failure>>) {
        let inside = self.told.more.as_mut().and_then(|more| more.failure.take());
        match std::mem::take(&mut self.status) {
            Status::Unset if inside.is_some() => (CallOutcome::Error, inside),
            Status::Unset => (CallOutcome::Ok, None),
            Status::Ok => {
                self.told.foreign.is_ok = true;
                (CallOutcome::Ok, None)
            }
            Status::Error { description } => {
                let message = (!description.is_empty()).then(|| cut(description.into_owned()));
                let failure = Failure {
                    message,
                    ..Failure::default()
                };
                (CallOutcome::Error, Some(Box::new(failure)))
            }
        }
    }
}

/// The tick at a time of day, and the time where it is not just now: what is measured by one clock stays in order.
fn tick_of(time: SystemTime) -> (u64, Option<u64>) {
    let (now, unix_ns, scale) = (clock::now(), unix_ns(time), clock::scale());
    match scale.unix_ns(now).abs_diff(unix_ns) <= NOISE_NS {
        true => (now, None),
        false => (scale.tick_at(unix_ns), Some(unix_ns)),
    }
}
