//! Spans as the SDK of `opentelemetry` has them.

use opentelemetry::trace::{Event as OtelEvent, SpanContext, Status, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue as OtelKeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::str::FromStr as _;

use super::limits::Limits;
use crate::clock::Scale;
use crate::context::Link;
use crate::integrations::opentelemetry as otel;
use crate::record::{CallOutcome, Event, EventKind, SpanView};
use crate::value::{KeyValue, Value};

/// Builds them, on the collector's thread.
#[derive(Debug)]
pub(super) struct SpanDataBuilder {
    limits: Limits,
    scale: &'static Scale,
    /// Of annotated calls.
    own_scope: InstrumentationScope,
}

impl SpanDataBuilder {
    pub(super) fn new(limits: Limits, scale: &'static Scale) -> Self {
        let own_scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Self {
            limits,
            scale,
            own_scope,
        }
    }

    pub(super) fn build(&self, view: &SpanView<'_>) -> SpanData {
        let record = view.record;
        let [start, end] = view.unix_ns(self.scale);
        let (attributes, dropped_attributes_count) = self.attributes(view);
        SpanData {
            span_context: self.span_context(view),
            parent_span_id: otel::span_id(record.parent),
            parent_span_is_remote: view.parent_is_remote,
            span_kind: otel::kind(record.callsite.kind()),
            name: view.name().to_owned().into(),
            start_time: otel::system_time(start),
            end_time: otel::system_time(end),
            attributes,
            dropped_attributes_count,
            events: self.events(view, end),
            links: self.links(view),
            status: self.status(view),
            instrumentation_scope: self.scope(view),
        }
    }

    fn span_context(&self, view: &SpanView<'_>) -> SpanContext {
        let state = view
            .tracestate
            .and_then(|text| TraceState::from_str(text).ok());
        SpanContext::new(
            otel::trace_id(view.trace),
            otel::span_id(view.record.span),
            otel::flags(view.sampled),
            false,
            state.unwrap_or(TraceState::NONE),
        )
    }

    fn scope(&self, view: &SpanView<'_>) -> InstrumentationScope {
        let foreign = view.details.and_then(|details| details.foreign.as_deref());
        let said = foreign.and_then(|foreign| foreign.otel.as_ref());
        said.map_or_else(|| self.own_scope.clone(), |said| said.scope.otel.clone())
    }

    fn status(&self, view: &SpanView<'_>) -> Status {
        let details = view.details;
        let is_ok = details.and_then(|details| details.foreign.as_deref());
        let failure = details.and_then(|details| details.failure.as_deref());
        match view.record.outcome {
            CallOutcome::Ok if is_ok.is_some_and(|foreign| foreign.is_ok) => Status::Ok,
            CallOutcome::Ok | CallOutcome::Cancelled => Status::Unset,
            CallOutcome::Error | CallOutcome::Panic => {
                let message = failure.and_then(|failure| failure.message.as_deref());
                Status::error(self.limits.cut(message.unwrap_or_default()).to_owned())
            }
        }
    }

    /// What is known of the call, then what was recorded, the last value of each key.
    fn attributes(&self, view: &SpanView<'_>) -> (Vec<OtelKeyValue>, u32) {
        let mut all: Vec<KeyValue> = view.record.callsite.code_attributes();
        if let Some(kind) = view.error_type() {
            all.push(KeyValue::new("error.type", kind.to_owned()));
        }
        if view.record.outcome == CallOutcome::Cancelled {
            all.push(KeyValue::new("tracer.outcome", "cancelled"));
        }
        if view.partial {
            all.push(KeyValue::new("tracer.partial", true));
        }
        for recorded in view
            .details
            .iter()
            .flat_map(|d| d.own_attributes.iter().chain(&d.attributes))
        {
            match all.iter_mut().find(|known| known.key == recorded.key) {
                Some(known) => known.value = recorded.value.clone(),
                None => all.push(recorded.clone()),
            }
        }
        let dropped = view.details.map_or(0, |details| details.dropped_attributes);
        let (all, over) = self.within(&all, self.limits.attributes);
        (all, dropped + over)
    }

    /// At most so many of them, and how many are left out.
    fn within(&self, all: &[KeyValue], limit: usize) -> (Vec<OtelKeyValue>, u32) {
        let kept = all.iter().take(limit).map(|attribute| self.cut(attribute));
        (kept.collect(), all.len().saturating_sub(limit) as u32)
    }

    fn cut(&self, attribute: &KeyValue) -> OtelKeyValue {
        match &attribute.value {
            Value::Str(text) if self.limits.value_length.is_some() => {
                OtelKeyValue::new(attribute.key.clone(), self.limits.cut(text).to_owned())
            }
            _ => otel::key_value(attribute),
        }
    }

    fn events(&self, view: &SpanView<'_>, end: u64) -> SpanEvents {
        let recorded = view.details.map_or(&[][..], |details| &details.events);
        let exception = view
            .exception_type()
            .map(|kind| self.exception(view, kind, end));
        // Why it failed matters more than the last of too many events.
        let room = self.limits.events.saturating_sub(exception.iter().count());
        let mut events = SpanEvents::default();
        events.events = recorded
            .iter()
            .take(room)
            .map(|event| self.event(event))
            .collect();
        events
            .events
            .extend(exception.filter(|_| self.limits.events > 0));
        let dropped = view.details.map_or(0, |details| details.dropped_events);
        events.dropped_count = dropped + recorded.len().saturating_sub(room) as u32;
        events
    }

    fn event(&self, event: &Event) -> OtelEvent {
        let (mut attributes, dropped) =
            self.within(&event.attributes, self.limits.event_attributes);
        if event.kind == EventKind::Checkpoint && attributes.len() < self.limits.event_attributes {
            attributes.push(OtelKeyValue::new("tracer.event.kind", "checkpoint"));
        }
        let unix_ns = event
            .unix_ns
            .unwrap_or_else(|| self.scale.unix_ns(event.time));
        OtelEvent::new(
            event.name.clone(),
            otel::system_time(unix_ns),
            attributes,
            dropped + event.dropped_attributes,
        )
    }

    /// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
    fn exception(&self, view: &SpanView<'_>, kind: &str, unix_ns: u64) -> OtelEvent {
        let failure = view.details.and_then(|details| details.failure.as_deref());
        let mut all = vec![KeyValue::new("exception.type", kind.to_owned())];
        if let Some(message) = failure.and_then(|failure| failure.message.as_ref()) {
            all.push(KeyValue::new("exception.message", message));
        }
        if let Some(failure) = failure.filter(|failure| !failure.chain.is_empty()) {
            let chain = failure.chain.iter().map(Value::from).collect();
            all.push(KeyValue::new("tracer.error.chain", Value::Array(chain)));
        }
        let (attributes, dropped) = self.within(&all, self.limits.event_attributes);
        OtelEvent::new("exception", otel::system_time(unix_ns), attributes, dropped)
    }

    fn links(&self, view: &SpanView<'_>) -> SpanLinks {
        let recorded = view.details.map_or(&[][..], |details| &details.links);
        let mut links = SpanLinks::default();
        let kept = recorded.iter().take(self.limits.links);
        links.links = kept.map(|link| self.link(link)).collect();
        let dropped = view.details.map_or(0, |details| details.dropped_links);
        links.dropped_count = dropped + recorded.len().saturating_sub(self.limits.links) as u32;
        links
    }

    fn link(&self, link: &Link) -> opentelemetry::trace::Link {
        let mut built = otel::link(link);
        let (attributes, dropped) = self.within(&link.attributes, self.limits.link_attributes);
        built.attributes = attributes;
        built.dropped_attributes_count = dropped;
        built
    }
}
