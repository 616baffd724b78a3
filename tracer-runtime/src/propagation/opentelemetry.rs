//! OpenTelemetry's propagators as one of ours.

use std::fmt;
use std::sync::Arc;

use opentelemetry::propagation::TextMapPropagator;

/// A [`TextMapPropagator`] of `opentelemetry`. See [`Propagator::opentelemetry`](super::Propagator::opentelemetry).
#[derive(Clone)]
pub struct TextMap(Arc<dyn TextMapPropagator + Send + Sync>);

impl super::Propagator {
    /// A propagator that is written for `opentelemetry` 0.33. It sees every header, and it gets and gives ids, flags,
    /// `tracestate` and baggage.
    ///
    /// ```
    /// use opentelemetry_sdk::propagation::TraceContextPropagator;
    /// use tracer_runtime::propagation::Propagator;
    ///
    /// let builder = tracer_runtime::builder()
    ///     .with_propagators([Propagator::opentelemetry(TraceContextPropagator::new()), Propagator::Baggage]);
    /// # drop(builder);
    /// ```
    pub fn opentelemetry(propagator: impl TextMapPropagator + Send + Sync + 'static) -> Self {
        Self::OpenTelemetry(TextMap(Arc::new(propagator)))
    }
}

impl fmt::Debug for TextMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for TextMap {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for TextMap {}

#[cfg(feature = "enable")]
mod adapters {
    use opentelemetry::baggage::BaggageExt as _;
    use opentelemetry::propagation::{Extractor, Injector};
    use opentelemetry::trace::{
        SpanContext, SpanId as OtelSpanId, TraceContextExt as _, TraceFlags,
        TraceId as OtelTraceId, TraceState,
    };
    use opentelemetry::{Context, KeyValue};

    use super::TextMap;
    use crate::baggage::Reach;
    use crate::context::{RANDOM, SAMPLED};
    use crate::id::{SpanId, TraceId};
    use crate::propagation::errors::Format;
    use crate::propagation::found::{Found, Parent};
    use crate::propagation::outgoing::Outgoing;
    use crate::propagation::{Extract, Inject};

    struct Reads<'a>(&'a dyn Extract);

    impl Extractor for Reads<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.first(key)
        }

        fn keys(&self) -> Vec<&str> {
            let mut names = Vec::new();
            self.0.for_each(&mut |name, _| names.push(name));
            names
        }

        fn get_all(&self, key: &str) -> Option<Vec<&str>> {
            let mut values = Vec::new();
            self.0
                .for_each_value(key, &mut |value| values.extend(std::str::from_utf8(value)));
            (!values.is_empty()).then_some(values)
        }
    }

    struct Writes<'a>(&'a mut dyn Inject);

    impl Injector for Writes<'_> {
        fn set(&mut self, key: &str, value: String) {
            self.0.set(&key.to_ascii_lowercase(), &value);
        }
    }

    impl TextMap {
        pub(in crate::propagation) fn read(&self, carrier: &dyn Extract, found: &mut Found) {
            let context = self
                .0
                .extract_with_context(&Context::new(), &Reads(carrier));
            let span = context.span();
            let span = span.span_context();
            if found.parent.is_none() && span.is_valid() {
                let flags = span.trace_flags().to_u8();
                found.parent = Some(Parent::new(
                    TraceId::from_bytes(span.trace_id().to_bytes()),
                    SpanId::from_bytes(span.span_id().to_bytes()),
                    flags & (SAMPLED | RANDOM),
                ));
                let state = span.trace_state().header();
                if !state.is_empty() {
                    found.set_tracestate(&state);
                }
            }
            for (key, (value, _)) in context.baggage() {
                found.add_member(Format::Baggage, key.as_str(), value.as_str(), Reach::All);
            }
        }

        pub(in crate::propagation) fn write(&self, outgoing: &Outgoing, carrier: &mut dyn Inject) {
            // Its type knows fewer keys than level 2 has.
            let state = outgoing
                .tracestate()
                .and_then(|state| state.parse::<TraceState>().ok());
            let span = SpanContext::new(
                OtelTraceId::from_bytes(outgoing.trace.to_bytes()),
                OtelSpanId::from_bytes(outgoing.span.to_bytes()),
                TraceFlags::new(outgoing.flags()),
                true,
                state.unwrap_or_default(),
            );
            let mut context = Context::new().with_remote_span_context(span);
            if let Some(baggage) = outgoing.baggage() {
                let members = baggage.iter().filter(|member| member.reach == Reach::All);
                let members = members
                    .map(|member| KeyValue::new(member.key.to_owned(), member.value.to_owned()));
                context = context.with_baggage(members);
            }
            self.0.inject_context(&context, &mut Writes(carrier));
        }
    }
}
