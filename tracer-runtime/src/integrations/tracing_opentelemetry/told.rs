//! What the layer's span is told at the end of the call: all that its declared fields have not said.

use opentelemetry::KeyValue as OtelKeyValue;
use opentelemetry::trace::{SpanRef, Status, TraceContextExt as _};
use tracing_core::{Dispatch, span};

use super::{api, held};
use crate::callsite::Callsite;
use crate::clock;
use crate::id::SpanId;
use crate::integrations::opentelemetry as otel;
use crate::record::{CallOutcome, Ending, Event, EventKind, Failure, SpanDetails};
use crate::recorder::local;
use crate::recorder::reentrancy::Inside;
use crate::value::KeyValue;

/// Tells the span that the layer has of this one, which is `ours` here and began at `site`.
pub(crate) fn tell(
    dispatch: &Dispatch,
    id: &span::Id,
    ours: SpanId,
    site: &'static Callsite,
    end: Ending<'_>,
) {
    let recorded = recorded(ours);
    let ends_now = held::ends_with_its_call(dispatch, id);
    let is_usual = end.outcome == CallOutcome::Ok && std::ptr::eq(site, end.site);
    if is_usual && recorded.is_none() && !ends_now {
        return;
    }
    // A layer that may be reloaded cannot be asked, but has attached it.
    let context = api::context_of(id, dispatch).or_else(|| api::current_of(ours));
    let Some(context) = context else {
        return;
    };
    let span = context.span();
    if !span.is_recording() {
        return;
    }
    tell_span(&span, recorded.unwrap_or_default(), site, end);
    if ends_now {
        span.end();
    }
}

fn tell_span(
    span: &SpanRef<'_>,
    mut recorded: SpanDetails,
    site: &'static Callsite,
    end: Ending<'_>,
) {
    recorded.spell_out();
    if let Some(name) = recorded.name().map(str::to_owned) {
        span.update_name(name);
    } else if !std::ptr::eq(site, end.site) {
        span.update_name(end.site.name());
    }
    for attribute in recorded.own_attributes.iter().chain(&recorded.attributes) {
        if !site.fields.contains(&attribute.key.as_ref()) {
            span.set_attribute(otel::key_value(attribute));
        }
    }
    recorded
        .events
        .iter()
        .for_each(|event| tell_event(span, event));
    for link in &recorded.links {
        let link = otel::link(link);
        span.add_link(link.span_context, link.attributes);
    }
    tell_outcome(span, end, recorded.failure.as_deref());
}

/// What our span has recorded so far.
fn recorded(ours: SpanId) -> Option<SpanDetails> {
    local::with(|local| {
        local.inspect(|fragment| {
            let _inside = Inside::enter()?;
            fragment.details.recorded(ours)
        })
    })
    .flatten()
    .flatten()
}

fn tell_event(span: &SpanRef<'_>, event: &Event) {
    let unix_ns = event.unix_ns;
    let unix_ns = unix_ns.unwrap_or_else(|| clock::scale().unix_ns(event.time));
    let mut attributes: Vec<_> = event.attributes.iter().map(otel::key_value).collect();
    if event.kind == EventKind::Checkpoint {
        attributes.push(OtelKeyValue::new("tracer.event.kind", "checkpoint"));
    }
    span.add_event_with_timestamp(event.name.clone(), otel::system_time(unix_ns), attributes);
}

/// As our own exporters say it.
fn tell_outcome(span: &SpanRef<'_>, end: Ending<'_>, said_inside: Option<&Failure>) {
    let failure = end.failure.or(said_inside);
    let outcome = match (end.outcome, said_inside) {
        (CallOutcome::Ok, Some(_)) => CallOutcome::Error,
        (outcome, _) => outcome,
    };
    if outcome == CallOutcome::Cancelled {
        span.set_attribute(OtelKeyValue::new("tracer.outcome", "cancelled"));
    }
    let Some(kind) = outcome.error_type(failure) else {
        return;
    };
    let kind = kind.to_owned();
    span.set_attribute(OtelKeyValue::new("error.type", kind.clone()));
    let mut exception = vec![KeyValue::new("exception.type", kind)];
    let message = failure.and_then(|failure| failure.message.as_ref());
    if let Some(message) = message {
        exception.push(KeyValue::new("exception.message", message));
    }
    let exception = exception.iter().map(otel::key_value).collect();
    span.add_event("exception", exception);
    span.set_status(Status::error(message.cloned().unwrap_or_default()));
}
