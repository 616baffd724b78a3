//! From our records to the protocol's spans.
//!
//! What is the same for every call of a function (name, kind, source location) is encoded once a callsite; the rest of
//! a span is filled into one message that is used again and again. Joined, the two are one valid message.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue as ProtoKeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{
    Event as ProtoEvent, Link as ProtoLink, SpanKind as ProtoKind,
};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message;

use super::encode_common::{attribute, key_value, put_item, text, texts};
use crate::callsite::{Callsite, SpanKind};
use crate::clock::Scale;
use crate::context::Link;
use crate::export::limits::Limits;
use crate::record::{CallOutcome, Event, EventKind, Failure, SpanDetails, SpanView};
use crate::value::KeyValue;

/// `trace_flags` of the W3C: head-sampled.
pub(super) const SAMPLED: u32 = 0x1;
/// It is known whether the parent is remote.
const HAS_IS_REMOTE: u32 = 0x100;
/// The parent is remote.
const IS_REMOTE: u32 = 0x200;

/// Encodes spans one by one.
#[derive(Debug)]
pub(super) struct SpanEncoder {
    limits: Limits,
    scale: &'static Scale,
    /// By the address of the callsite, a `static`.
    constant: HashMap<usize, Box<[u8]>>,
    /// Used for every span, so that a plain one allocates nothing.
    span: Span,
    /// Why a call failed is an event of its span.
    exceptions: bool,
}

impl SpanEncoder {
    pub(super) fn new(limits: Limits, scale: &'static Scale) -> Self {
        Self {
            limits,
            scale,
            constant: HashMap::new(),
            span: Span::default(),
            exceptions: true,
        }
    }

    pub(super) fn with_exceptions(mut self, in_spans: bool) -> Self {
        self.exceptions = in_spans;
        self
    }

    /// Appends the span as one item of an envelope.
    pub(super) fn encode(&mut self, view: &SpanView<'_>, out: &mut Vec<u8>) {
        let site = view.record.callsite;
        let limits = &self.limits;
        let constant = self
            .constant
            .entry(std::ptr::from_ref(site).addr())
            .or_insert_with(|| constant_part(site, limits).encode_to_vec().into());
        fill(&mut self.span, view, limits, self.scale);
        if !self.exceptions && view.error_type().is_some() {
            self.span.events.pop();
        }
        put_item(constant, &self.span, out);
    }
}

fn constant_part(site: &Callsite, limits: &Limits) -> Span {
    let attributes = site.code_attributes();
    Span {
        name: site.name().to_owned(),
        kind: kind(site.kind()).into(),
        attributes: attributes
            .iter()
            .take(limits.attributes)
            .map(|code| attribute(code, limits))
            .collect(),
        ..Default::default()
    }
}

fn kind(kind: SpanKind) -> ProtoKind {
    match kind {
        SpanKind::Internal => ProtoKind::Internal,
        SpanKind::Server => ProtoKind::Server,
        SpanKind::Client => ProtoKind::Client,
        SpanKind::Producer => ProtoKind::Producer,
        SpanKind::Consumer => ProtoKind::Consumer,
    }
}

/// Everything but the constant part.
fn fill(span: &mut Span, view: &SpanView<'_>, limits: &Limits, scale: &Scale) {
    let record = view.record;
    let foreign = view.details.and_then(|details| details.foreign.as_deref());
    let [start, end] = view.unix_ns(scale);

    // Of two names in one message the second counts; an empty one is none.
    span.name.clear();
    span.name
        .push_str(foreign.and_then(|f| f.name.as_deref()).unwrap_or_default());
    span.trace_id.clear();
    span.trace_id.extend_from_slice(&view.trace.to_bytes());
    span.span_id.clear();
    span.span_id.extend_from_slice(&record.span.to_bytes());
    span.parent_span_id.clear();
    if record.parent.is_valid() {
        span.parent_span_id
            .extend_from_slice(&record.parent.to_bytes());
    }
    span.trace_state.clear();
    span.trace_state
        .push_str(view.tracestate.unwrap_or_default());
    span.flags = flags(view);
    span.start_time_unix_nano = start;
    span.end_time_unix_nano = end;
    span.status = status(view, limits);
    fill_attributes(span, view, limits);
    fill_events(span, view, limits, scale, end);
    fill_links(span, view.details, limits);
}

fn flags(view: &SpanView<'_>) -> u32 {
    let sampled = if view.sampled { SAMPLED } else { 0 };
    let remote = if view.parent_is_remote { IS_REMOTE } else { 0 };
    sampled | HAS_IS_REMOTE | remote
}

/// A cancelled call is not an error: whoever waited for it gave up. The attribute `tracer.outcome` says so.
fn status(view: &SpanView<'_>, limits: &Limits) -> Option<Status> {
    let foreign = view.details.and_then(|details| details.foreign.as_deref());
    let message = match view.record.outcome {
        CallOutcome::Ok if foreign.is_some_and(|foreign| foreign.is_ok) => {
            return Some(Status {
                code: StatusCode::Ok.into(),
                message: String::new(),
            });
        }
        CallOutcome::Ok | CallOutcome::Cancelled => return None,
        CallOutcome::Error | CallOutcome::Panic => failure(view).and_then(|f| f.message.as_deref()),
    };
    Some(Status {
        code: StatusCode::Error.into(),
        message: limits.cut(message.unwrap_or_default()).to_owned(),
    })
}

fn failure<'a>(view: &SpanView<'a>) -> Option<&'a Failure> {
    view.details?.failure.as_deref()
}

fn fill_attributes(span: &mut Span, view: &SpanView<'_>, limits: &Limits) {
    span.attributes.clear();
    let details = view.details;
    let own = details.map_or(&[][..], |d| &d.own_attributes);
    let users = details.map_or(&[][..], |d| &d.attributes);
    let is_set = |key: &str| own.iter().chain(users).any(|a| a.key == key);

    let mut room = Room::new(limits.attributes, &mut span.attributes);
    room.used(Callsite::CODE_KEYS.len());
    if let Some(kind) = view.error_type().filter(|_| !is_set("error.type")) {
        room.put(|| key_value("error.type", text(limits.cut(kind))));
    }
    if view.record.outcome == CallOutcome::Cancelled {
        room.put(|| key_value("tracer.outcome", text(limits.cut("cancelled"))));
    }
    if view.partial {
        let value = AnyValue {
            value: Some(AnyKind::BoolValue(true)),
        };
        room.put(|| key_value("tracer.partial", value));
    }
    // Spans of all scopes are in one group, so each says which is its own.
    #[cfg(feature = "opentelemetry")]
    if let Some(said) = details.and_then(|d| d.foreign.as_ref()?.otel.as_ref()) {
        let scope = &said.scope.otel;
        room.put(|| key_value("otel.scope.name", text(scope.name())));
        if let Some(version) = scope.version() {
            room.put(|| key_value("otel.scope.version", text(version)));
        }
    }
    // `code.*` is taken: it is in the constant part.
    let free = |a: &&KeyValue| !Callsite::CODE_KEYS.contains(&a.key.as_ref());
    for recorded in last_of_each_key(own, users).filter(free) {
        room.put(|| attribute(recorded, limits));
    }
    span.dropped_attributes_count = room.dropped + details.map_or(0, |d| d.dropped_attributes);
}

/// A key may be there once: the last value stays, at its place.
fn last_of_each_key<'a>(
    own: &'a [KeyValue],
    users: &'a [KeyValue],
) -> impl Iterator<Item = &'a KeyValue> {
    let all = move || own.iter().chain(users);
    all()
        .enumerate()
        .filter(move |(i, a)| !all().skip(i + 1).any(|later| later.key == a.key))
        .map(|(_, a)| a)
}

/// A list that takes so many and counts the rest.
struct Room<'a, T> {
    left: usize,
    list: &'a mut Vec<T>,
    dropped: u32,
}

impl<'a, T> Room<'a, T> {
    fn new(limit: usize, list: &'a mut Vec<T>) -> Self {
        Self {
            left: limit,
            list,
            dropped: 0,
        }
    }

    /// So many are elsewhere already, or were left out there.
    fn used(&mut self, count: usize) {
        self.dropped += count.saturating_sub(self.left) as u32;
        self.left = self.left.saturating_sub(count);
    }

    fn put(&mut self, item: impl FnOnce() -> T) {
        if self.left == 0 {
            self.dropped += 1;
        } else {
            self.left -= 1;
            self.list.push(item());
        }
    }
}

fn attributes(all: &[KeyValue], limit: usize, limits: &Limits) -> (Vec<ProtoKeyValue>, u32) {
    let mut list = Vec::with_capacity(all.len().min(limit));
    let mut room = Room::new(limit, &mut list);
    for recorded in last_of_each_key(all, &[]) {
        room.put(|| attribute(recorded, limits));
    }
    let dropped = room.dropped;
    (list, dropped)
}

fn fill_events(span: &mut Span, view: &SpanView<'_>, limits: &Limits, scale: &Scale, end: u64) {
    span.events.clear();
    let recorded = view.details.map_or(&[][..], |d| &d.events);
    let exception = view
        .exception_type()
        .map(|kind| exception(view, kind, limits, end));

    let mut room = Room::new(limits.events, &mut span.events);
    // Why it failed matters more than the last of too many events.
    if exception.is_some() {
        room.used(1);
    }
    for one in recorded {
        room.put(|| event(one, limits, scale));
    }
    span.dropped_events_count = room.dropped + view.details.map_or(0, |d| d.dropped_events);
    if limits.events > 0 {
        span.events.extend(exception);
    }
}

fn event(event: &Event, limits: &Limits, scale: &Scale) -> ProtoEvent {
    let (mut attributes, dropped) = attributes(&event.attributes, limits.event_attributes, limits);
    if event.kind == EventKind::Checkpoint && attributes.len() < limits.event_attributes {
        attributes.push(key_value("tracer.event.kind", text("checkpoint")));
    }
    ProtoEvent {
        time_unix_nano: event.unix_ns.unwrap_or_else(|| scale.unix_ns(event.time)),
        name: event.name.clone().into_owned(),
        attributes,
        dropped_attributes_count: dropped + event.dropped_attributes,
    }
}

/// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
fn exception(view: &SpanView<'_>, kind: &str, limits: &Limits, time: u64) -> ProtoEvent {
    let failure = failure(view);
    let mut list = Vec::with_capacity(3);
    let mut room = Room::new(limits.event_attributes, &mut list);
    room.put(|| key_value("exception.type", text(limits.cut(kind))));
    if let Some(message) = failure.and_then(|f| f.message.as_deref()) {
        room.put(|| key_value("exception.message", text(limits.cut(message))));
    }
    if let Some(failure) = failure.filter(|f| !f.chain.is_empty()) {
        let chain = failure.chain.iter().map(|source| limits.cut(source));
        room.put(|| key_value("tracer.error.chain", texts(chain)));
    }
    // What a panic has said, and where, is known of calls between services.
    let of_call = view.details.map_or(&[][..], |details| &details.attributes);
    for key in ["exception.message", "exception.stacktrace"] {
        if let Some(known) = of_call.iter().find(|attribute| attribute.key == key) {
            room.put(|| attribute(known, limits));
        }
    }
    let dropped_attributes_count = room.dropped;
    ProtoEvent {
        time_unix_nano: time,
        name: "exception".to_owned(),
        attributes: list,
        dropped_attributes_count,
    }
}

fn fill_links(span: &mut Span, details: Option<&SpanDetails>, limits: &Limits) {
    span.links.clear();
    let recorded = details.map_or(&[][..], |d| &d.links);
    let mut room = Room::new(limits.links, &mut span.links);
    for one in recorded {
        room.put(|| link(one, limits));
    }
    span.dropped_links_count = room.dropped + details.map_or(0, |d| d.dropped_links);
}

fn link(link: &Link, limits: &Limits) -> ProtoLink {
    let (attributes, dropped) = attributes(&link.attributes, limits.link_attributes, limits);
    ProtoLink {
        trace_id: link.trace_id.to_bytes().to_vec(),
        span_id: link.span_id.to_bytes().to_vec(),
        attributes,
        dropped_attributes_count: dropped,
        trace_state: link.tracestate.as_deref().unwrap_or_default().to_owned(),
        flags: link_flags(link),
    }
}

fn link_flags(link: &Link) -> u32 {
    let sampled = if link.sampled { SAMPLED } else { 0 };
    match link.remote {
        None => sampled,
        Some(false) => sampled | HAS_IS_REMOTE,
        Some(true) => sampled | HAS_IS_REMOTE | IS_REMOTE,
    }
}

#[cfg(test)]
#[path = "encode_spans_tests.rs"]
mod tests;
