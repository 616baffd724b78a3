//! A span of the API from its start to its end.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue as OtelKeyValue;
use opentelemetry::trace::{
    Event as OtelEvent, Link as OtelLink, SpanBuilder, SpanContext, Status,
};

use super::convert::{bytes, key_value_of, link_of, unix_ns};
use super::scope::Scope;
use super::start::Placed;
use crate::callsite::Callsite;
use crate::clock;
use crate::context::Link;
use crate::id::SpanId;
use crate::record::{CallOutcome, Event, EventKind, Failure, Foreign, SpanDetails, SpanRecord};
use crate::recorder::apart;
use crate::recorder::budget::Claim;
use crate::recorder::details::Told;
use crate::recorder::fragment::Fragment;
use crate::recorder::pipeline::Tether;
use crate::span::context::Context;
use crate::span::inside::{MAX_ATTRIBUTES, MAX_EVENTS, MAX_LINKS, cut};
use crate::value::KeyValue;

/// Claimed at the end only, so that most spans need not ask while they run.
const FREE_BYTES: usize = 1024;
/// Two readings of the time that are no further apart are the same: see [`clock::follow_the_wall`].
const NOISE_NS: u64 = 20_000;

/// Attributes that need no memory of their own.
const FIRST: usize = 2;

/// What a span of the API has said; its attributes in the API's own values, which are read where the span is.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) scope: &'static Scope,
    /// In their order; most spans have no more.
    first: [Option<OtelKeyValue>; FIRST],
    /// After those.
    attributes: Vec<OtelKeyValue>,
    events: Vec<Event>,
    links: Vec<Link>,
    dropped_attributes: u32,
    dropped_events: u32,
    dropped_links: u32,
}

impl Said {
    const fn nothing(scope: &'static Scope) -> Self {
        Self {
            scope,
            first: [const { None }; FIRST],
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            dropped_attributes: 0,
            dropped_events: 0,
            dropped_links: 0,
        }
    }

    fn attribute(&mut self, attribute: OtelKeyValue) -> bool {
        if let Some(free) = self.first.iter_mut().find(|place| place.is_none()) {
            *free = Some(attribute);
            return true;
        }
        let has_room = self.attributes.len() < MAX_ATTRIBUTES - FIRST;
        if has_room {
            self.attributes.push(attribute);
        }
        has_room
    }

    /// Takes all of it out, the last value of each key.
    pub(crate) fn spell_out(&mut self) -> SpanDetails {
        let said = std::mem::replace(self, Self::nothing(self.scope));
        let mut attributes: Vec<KeyValue> = Vec::with_capacity(FIRST + said.attributes.len());
        let first = said.first.into_iter().flatten();
        for attribute in first.chain(said.attributes).map(key_value_of) {
            match attributes
                .iter_mut()
                .find(|known| known.key == attribute.key)
            {
                Some(known) => *known = attribute,
                None => attributes.push(attribute),
            }
        }
        SpanDetails {
            attributes,
            events: said.events,
            links: said.links,
            dropped_attributes: said.dropped_attributes,
            dropped_events: said.dropped_events,
            dropped_links: said.dropped_links,
            ..SpanDetails::default()
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Recording {
    site: &'static Callsite,
    parent: SpanId,
    /// In ticks.
    start: u64,
    foreign: Box<Foreign>,
    status: Status,
    claim: Claim,
    /// Of the claim.
    used: usize,
    root: Option<Box<Fragment>>,
    /// A capture waits for the end.
    pipe: Option<Tether>,
    /// What was recorded of the span elsewhere.
    more: Option<Box<SpanDetails>>,
}

impl Recording {
    #[inline]
    pub(super) fn start(
        site: &'static Callsite,
        scope: &'static Scope,
        placed: Placed,
        builder: SpanBuilder,
    ) -> Self {
        let SpanBuilder {
            name,
            start_time,
            attributes,
            events,
            links,
            ..
        } = builder;
        let start_unix_ns = start_time.map(unix_ns);
        let start = start_unix_ns.map_or_else(clock::now, |ns| clock::scale().tick_at(ns));
        let mut recording = Self {
            site,
            parent: placed.parent,
            start,
            foreign: Box::new(Foreign {
                name: Some(name),
                verbatim: true,
                is_ok: false,
                start_unix_ns,
                end_unix_ns: None,
                otel: Some(Said::nothing(scope)),
            }),
            status: Status::Unset,
            claim: Claim::default(),
            used: size_of::<Foreign>(),
            root: placed.root,
            pipe: placed.pipe,
            more: None,
        };
        if recording.pipe.is_some() {
            recording.tell_capture(placed.context);
        }
        if attributes.is_some() || events.is_some() || links.is_some() {
            recording.begin_with(attributes, events, links);
        }
        recording
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
    fn tell_capture(&self, context: Context) {
        let pipe = self.pipe.as_ref();
        let live = pipe.and_then(|pipe| pipe.pipeline().live.as_ref());
        if let (Some(live), Some(name)) = (live, &self.foreign.name) {
            let span = context.span_id();
            live.started(context.trace_id(), span, self.parent, self.site, self.start);
            live.named(span, name.clone());
        }
    }

    /// Room for so many bytes more; false where the budget is used up.
    fn grow(&mut self, bytes: usize) -> bool {
        let granted =
            self.used + bytes <= self.claim.bytes() + FREE_BYTES || self.claim.grow(bytes);
        self.used += if granted { bytes } else { 0 };
        granted
    }

    /// There from the start on, until the end takes it.
    fn said(&mut self) -> Option<&mut Said> {
        self.foreign.otel.as_mut()
    }

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
        self.foreign.name = Some(name);
    }

    /// Takes what annotated calls, or those that read our current span, have recorded of it elsewhere.
    pub(super) fn take_in(&mut self, details: SpanDetails) {
        let attribute = |a: &KeyValue| size_of::<KeyValue>() + a.value.heap_bytes();
        let held: usize = details.attributes.iter().map(attribute).sum();
        if self.grow(held + size_of_val(details.events.as_slice())) {
            self.more.get_or_insert_default().add(details);
        } else if let Some(said) = self.said() {
            said.dropped_attributes += details.attributes.len() as u32;
            said.dropped_events += details.events.len() as u32;
        }
    }

    #[inline]
    pub(super) fn end(mut self, context: Context, at: Option<SystemTime>) {
        let (end, end_unix_ns) = at.map_or_else(|| (clock::now(), None), tick_of);
        self.foreign.end_unix_ns = end_unix_ns;
        let (outcome, failure) = self.outcome();
        let record = SpanRecord {
            span: context.span_id(),
            parent: self.parent,
            callsite: self.site,
            start: self.start,
            duration: end.saturating_sub(self.start),
            outcome,
            details: 0,
        };
        let told = Told {
            foreign: self.foreign,
            failure,
            more: self.more,
            bytes: self.used.saturating_sub(self.claim.bytes()),
            claim: self.claim,
        };
        apart::end(context, self.root, record, told);
    }

    fn outcome(&mut self) -> (CallOutcome, Option<Box<Failure>>) {
        let inside = self.more.as_mut().and_then(|more| more.failure.take());
        match std::mem::take(&mut self.status) {
            Status::Unset if inside.is_some() => (CallOutcome::Error, inside),
            Status::Unset => (CallOutcome::Ok, None),
            Status::Ok => {
                self.foreign.is_ok = true;
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
