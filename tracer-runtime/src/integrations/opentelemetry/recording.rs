//! A span of the API from its start to its end.

use std::time::SystemTime;

use opentelemetry::KeyValue as OtelKeyValue;
use opentelemetry::trace::{SpanBuilder, SpanContext, Status};

use super::convert::{bytes, key_value_of, link_of, unix_ns};
use super::scope::Scope;
use super::start::Placed;
use crate::callsite::Callsite;
use crate::clock;
use crate::context::Link;
use crate::record::{CallOutcome, Event, EventKind, Failure, Foreign, SpanDetails, SpanRecord};
use crate::recorder::apart::{self, Ended};
use crate::recorder::budget::Claim;
use crate::recorder::fragment::Fragment;
use crate::recorder::pipeline::Tether;
use crate::span::context::Context;
use crate::span::inside::{MAX_ATTRIBUTES, MAX_EVENTS, MAX_LINKS, cut};
use crate::value::KeyValue;

/// Claimed for a span from the start, so that most never ask again.
const FIRST_BYTES: usize = 1024;
/// Two readings of the time that are no further apart are the same: see [`clock::follow_the_wall`].
const NOISE_NS: u64 = 20_000;

/// What a span of the API has said in the API's own values, which are read where the span is.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) scope: &'static Scope,
    attributes: Vec<OtelKeyValue>,
}

impl Said {
    /// Takes the attributes out, the last value of each key.
    pub(crate) fn attributes(&mut self) -> Vec<KeyValue> {
        let mut attributes: Vec<KeyValue> = Vec::with_capacity(self.attributes.len());
        for attribute in self.attributes.drain(..).map(key_value_of) {
            match attributes
                .iter_mut()
                .find(|known| known.key == attribute.key)
            {
                Some(known) => *known = attribute,
                None => attributes.push(attribute),
            }
        }
        attributes
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Recording {
    record: SpanRecord,
    details: SpanDetails,
    foreign: Box<Foreign>,
    said: Said,
    status: Status,
    claim: Claim,
    /// Of the claim.
    used: usize,
    root: Option<Box<Fragment>>,
    /// A capture waits for the end.
    _pipe: Option<Tether>,
}

impl Recording {
    pub(super) fn start(
        site: &'static Callsite,
        scope: &'static Scope,
        placed: Placed,
        builder: SpanBuilder,
    ) -> Self {
        let start_unix_ns = builder.start_time.map(unix_ns);
        let now = clock::now();
        let start = start_unix_ns.map_or(now, |ns| clock::scale().tick_at(ns));
        let mut recording = Self {
            record: SpanRecord {
                span: placed.context.span_id(),
                parent: placed.parent,
                callsite: site,
                start,
                duration: 0,
                outcome: CallOutcome::Ok,
                details: 0,
            },
            details: SpanDetails::default(),
            foreign: Box::new(Foreign {
                name: Some(builder.name),
                verbatim: true,
                start_unix_ns,
                ..Foreign::default()
            }),
            said: Said {
                scope,
                attributes: Vec::new(),
            },
            status: Status::Unset,
            claim: Claim::forced(FIRST_BYTES),
            used: size_of::<SpanDetails>() + size_of::<Foreign>(),
            root: placed.root,
            _pipe: placed.pipe,
        };
        recording.tell_capture(placed.context);
        if let Some(attributes) = builder.attributes {
            attributes.into_iter().for_each(|a| recording.set(a));
        }
        for event in builder.events.into_iter().flatten() {
            recording.add_event(event.name, event.timestamp, event.attributes);
        }
        for link in builder.links.into_iter().flatten() {
            recording.add_link(&link.span_context, link.attributes);
        }
        recording
    }

    /// A capture shows spans that run.
    fn tell_capture(&self, context: Context) {
        let pipe = self._pipe.as_ref();
        let live = pipe.and_then(|pipe| pipe.pipeline().live.as_ref());
        if let (Some(live), Some(name)) = (live, &self.foreign.name) {
            let SpanRecord {
                span,
                parent,
                callsite,
                start,
                ..
            } = self.record;
            live.started(context.trace_id(), span, parent, callsite, start);
            live.named(span, name.clone());
        }
    }

    /// Room for so many bytes more; false where the budget is used up.
    fn grow(&mut self, bytes: usize) -> bool {
        self.used += bytes;
        let more = self.used.saturating_sub(self.claim.bytes());
        if more == 0 || self.claim.grow(more) {
            return true;
        }
        self.used -= bytes;
        false
    }

    pub(super) fn set(&mut self, attribute: OtelKeyValue) {
        let room = self.said.attributes.len() < MAX_ATTRIBUTES;
        if room && self.grow(bytes(&attribute)) {
            self.said.attributes.push(attribute);
        } else {
            self.details.dropped_attributes += 1;
        }
    }

    pub(super) fn add_event(
        &mut self,
        name: std::borrow::Cow<'static, str>,
        time: SystemTime,
        mut attributes: Vec<OtelKeyValue>,
    ) {
        let dropped_attributes = attributes.len().saturating_sub(MAX_ATTRIBUTES) as u32;
        attributes.truncate(MAX_ATTRIBUTES);
        let held: usize = attributes.iter().map(bytes).sum();
        let room = self.details.events.len() < MAX_EVENTS;
        if !(room && self.grow(size_of::<Event>() + name.len() + held)) {
            self.details.dropped_events += 1;
            return;
        }
        let (time, unix_ns) = tick_of(time);
        self.details.events.push(Event {
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
        let room = self.details.links.len() < MAX_LINKS;
        if room && self.grow(size_of::<Link>() + held) {
            self.details.links.push(link_of(to, attributes));
        } else {
            self.details.dropped_links += 1;
        }
    }

    /// `Ok` is final, and nothing unsets a status.
    pub(super) fn set_status(&mut self, status: Status) {
        if self.status != Status::Ok && status != Status::Unset {
            self.status = status;
        }
    }

    pub(super) fn rename(&mut self, name: std::borrow::Cow<'static, str>) {
        self.foreign.name = Some(name);
    }

    /// Takes what annotated calls, or those that read our current span, have recorded of it.
    pub(super) fn take_in(&mut self, details: SpanDetails) {
        let held = details
            .attributes
            .iter()
            .map(|a| size_of::<KeyValue>() + a.value.heap_bytes());
        let held: usize = held.sum();
        // It was claimed where it comes from, and is there already.
        if !self.grow(held + size_of_val(details.events.as_slice())) {
            self.details.dropped_attributes += details.attributes.len() as u32;
            self.details.dropped_events += details.events.len() as u32;
            return;
        }
        self.details.add(details);
    }

    pub(super) fn end(mut self, context: Context, at: Option<SystemTime>) {
        let (end, end_unix_ns) = at.map_or_else(|| (clock::now(), None), tick_of);
        self.record.duration = end.saturating_sub(self.record.start);
        self.foreign.end_unix_ns = end_unix_ns;
        match std::mem::take(&mut self.status) {
            Status::Unset => {}
            Status::Ok => {
                self.foreign.is_ok = true;
                self.details.failure = None;
            }
            Status::Error { description } => {
                self.record.outcome = CallOutcome::Error;
                self.details.failure = Some(Box::new(Failure {
                    message: (!description.is_empty()).then(|| cut(description.into_owned())),
                    ..Failure::default()
                }));
            }
        }
        self.foreign.otel = Some(self.said);
        self.details.foreign = Some(self.foreign);
        let ended = Ended {
            record: self.record,
            details: self.details,
            claim: self.claim,
        };
        apart::end(context, self.root, ended);
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
