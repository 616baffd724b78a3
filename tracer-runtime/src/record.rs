//! What is recorded of a finished span: plain data that exporters, call trees and tests read.

use std::borrow::Cow;

use crate::callsite::Callsite;
use crate::context::Link;
use crate::id::{SpanId, TraceId};
use crate::rpc::RpcInfo;
#[cfg(feature = "enable")]
use crate::rpc::attributes;
use crate::value::KeyValue;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum CallOutcome {
    /// It reached its end.
    Ok = 0,
    /// It reached its end and returned an error.
    Error = 1,
    /// It did not reach its end: it unwound.
    Panic = 2,
    /// Its future was dropped after the first poll.
    Cancelled = 3,
}

impl CallOutcome {
    /// Every outcome, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Panic, Self::Cancelled];

    /// The value of the `outcome` label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
        }
    }

    /// `error.type`; nothing for calls that did not fail.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>
    #[cfg(any(feature = "otlp", feature = "opentelemetry", feature = "testing"))]
    pub(crate) fn error_type(self, failure: Option<&Failure>) -> Option<&str> {
        match self {
            Self::Ok | Self::Cancelled => None,
            Self::Panic => Some("panic"),
            Self::Error => {
                let known = failure.map(|f| f.error_type.as_ref());
                Some(known.filter(|t| !t.is_empty()).unwrap_or("_OTHER"))
            }
        }
    }
}

/// Why a call failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// `error.type`: the type of the error, or a status. Low cardinality.
    pub error_type: Cow<'static, str>,
    /// What the error says, at most 1 KiB.
    pub message: Option<String>,
    /// What its sources say, the nearest first.
    pub chain: Vec<String>,
}

impl Failure {
    /// What it holds, itself included.
    pub(crate) fn bytes(&self) -> usize {
        let message = self.message.as_ref().map_or(0, String::capacity);
        let chain: usize = self.chain.iter().map(String::capacity).sum();
        let list = self.chain.capacity() * size_of::<String>();
        let error_type = match &self.error_type {
            Cow::Owned(text) => text.capacity(),
            Cow::Borrowed(_) => 0,
        };
        size_of::<Self>() + message + chain + list + error_type
    }
}

/// How a call ends, as far as its own code says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    /// Another one than at its start, where a call between services has learnt its name.
    pub(crate) site: &'static Callsite,
    pub(crate) outcome: CallOutcome,
    pub(crate) failure: Option<&'a Failure>,
}

/// A finished span: one cache line, `Copy`, so that throwing records away costs nothing.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct SpanRecord {
    pub(crate) span: SpanId,
    /// [`SpanId::INVALID`] for the root of a trace.
    pub(crate) parent: SpanId,
    pub(crate) callsite: &'static Callsite,
    /// In ticks.
    pub(crate) start: u64,
    /// In ticks.
    pub(crate) duration: u64,
    pub(crate) outcome: CallOutcome,
    /// 1 + index into the details of the fragment; 0 where nothing was recorded.
    pub(crate) details: u32,
}

const _: () = assert!(size_of::<SpanRecord>() == 64);

/// What the code inside a span recorded.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpanDetails {
    /// By the user's code, in that order.
    pub(crate) attributes: Vec<KeyValue>,
    /// By us: `rpc.*`, `http.*`, ….
    pub(crate) own_attributes: Vec<KeyValue>,
    /// Those of a call's lifecycle once it is spelled out.
    pub(crate) events: Vec<Event>,
    pub(crate) links: Vec<Link>,
    pub(crate) failure: Option<Box<Failure>>,
    /// The call between services that the span stands for.
    pub(crate) rpc: Option<RpcInfo>,
    /// What another API has said of the span.
    pub(crate) foreign: Option<Box<Foreign>>,
    /// Over the limit.
    pub(crate) dropped_attributes: u32,
    /// Over the limit.
    pub(crate) dropped_events: u32,
    /// Over the limit.
    pub(crate) dropped_links: u32,
}

/// What an API with spans of its own has said of a span: what a callsite and an outcome do not say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Foreign {
    /// In the place of the callsite's.
    pub(crate) name: Option<Cow<'static, str>>,
    /// The span is that API's: nothing is said of it but what the API has said.
    pub(crate) verbatim: bool,
    /// The API has said that it went well.
    pub(crate) is_ok: bool,
    /// Where somebody has said the time of day.
    pub(crate) start_unix_ns: Option<u64>,
    /// Where somebody has said the time of day.
    pub(crate) end_unix_ns: Option<u64>,
    /// What is spelled out once somebody reads the span.
    #[cfg(all(feature = "enable", feature = "opentelemetry"))]
    pub(crate) otel: Option<crate::integrations::opentelemetry::Said>,
}

#[cfg(feature = "enable")]
impl SpanDetails {
    /// Adds what has been kept in another form, for whoever reads the span.
    pub(crate) fn spell_out(&mut self) {
        self.spell_out_rpc();
        self.spell_out_foreign();
    }

    /// Adds what other APIs have said in values of their own.
    pub(crate) fn spell_out_foreign(&mut self) {
        #[cfg(feature = "opentelemetry")]
        if let Some(said) = self
            .foreign
            .as_mut()
            .and_then(|foreign| foreign.otel.as_mut())
        {
            let mut spelled = said.spell_out();
            let foreign = self.foreign.take();
            spelled.add(std::mem::take(self));
            spelled.foreign = foreign;
            *self = spelled;
        }
    }

    /// Adds what was recorded of the same span elsewhere.
    pub(crate) fn add(&mut self, more: Self) {
        self.attributes.extend(more.attributes);
        self.own_attributes.extend(more.own_attributes);
        self.events.extend(more.events);
        self.links.extend(more.links);
        self.failure = self.failure.take().or(more.failure);
        self.rpc = self.rpc.take().or(more.rpc);
        self.dropped_attributes += more.dropped_attributes;
        self.dropped_events += more.dropped_events;
        self.dropped_links += more.dropped_links;
    }

    /// The name of the span, where it is not the callsite's.
    pub(crate) fn name(&self) -> Option<&str> {
        self.foreign.as_ref()?.name.as_deref()
    }

    /// Whether another API alone says what is said of the span.
    pub(crate) fn is_verbatim(&self) -> bool {
        self.foreign
            .as_ref()
            .is_some_and(|foreign| foreign.verbatim)
    }

    fn spell_out_rpc(&mut self) {
        if let Some(rpc) = &self.rpc {
            self.own_attributes.extend(attributes::of(rpc));
            self.events.extend(attributes::events_of(rpc));
            self.events.sort_by_key(|event| event.time);
        }
    }
}

/// What something that happened within a span stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// `event!`.
    Event,
    /// `checkpoint!`.
    Checkpoint,
    /// Of a call between services: see [`rpc`](crate::rpc).
    Lifecycle,
}

/// Something that happened at a moment within a span.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) name: Cow<'static, str>,
    /// In ticks.
    pub(crate) time: u64,
    /// Where somebody has said the time of day.
    pub(crate) unix_ns: Option<u64>,
    pub(crate) attributes: Vec<KeyValue>,
    /// Over the limit.
    pub(crate) dropped_attributes: u32,
}

#[cfg(feature = "enable")]
impl SpanView<'_> {
    /// The span's name.
    pub(crate) fn name(&self) -> &str {
        let said = self.details.and_then(SpanDetails::name);
        said.unwrap_or(self.record.callsite.name)
    }

    /// Start and end, in nanoseconds since the epoch.
    #[cfg(any(feature = "otlp", feature = "opentelemetry"))]
    pub(crate) fn unix_ns(&self, scale: &crate::clock::Scale) -> [u64; 2] {
        let foreign = self.details.and_then(|details| details.foreign.as_deref());
        let said = |of: fn(&Foreign) -> Option<u64>| foreign.and_then(of);
        let start = said(|f| f.start_unix_ns).unwrap_or_else(|| scale.unix_ns(self.record.start));
        let end = said(|f| f.end_unix_ns)
            .unwrap_or_else(|| start + scale.duration_ns(self.record.duration));
        [start, end]
    }

    /// Why it failed; nothing where another API has said all there is to say.
    #[cfg(any(feature = "otlp", feature = "opentelemetry"))]
    pub(crate) fn error_type(&self) -> Option<&str> {
        let failure = self.details.and_then(|details| details.failure.as_deref());
        match self.details.is_some_and(SpanDetails::is_verbatim) {
            true => None,
            false => self.record.outcome.error_type(failure),
        }
    }

    /// Why it failed, where that is worth an event: not where nothing is known but what an event of the span says already,
    /// as of a span that a crate has logged an error in.
    #[cfg(any(feature = "otlp", feature = "opentelemetry"))]
    pub(crate) fn exception_type(&self) -> Option<&str> {
        let details = self.details;
        let untyped = details
            .and_then(|details| details.failure.as_deref())
            .filter(|failure| failure.error_type.is_empty());
        let is_told = untyped.is_some_and(|failure| {
            let mut events = details.into_iter().flat_map(|details| &details.events);
            failure.message.is_none() || events.any(|event| event.name == "exception")
        });
        let is_told = is_told && self.record.outcome == CallOutcome::Error;
        self.error_type().filter(|_| !is_told)
    }
}

/// One span as an exporter sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpanView<'a> {
    pub(crate) trace: TraceId,
    pub(crate) record: &'a SpanRecord,
    pub(crate) details: Option<&'a SpanDetails>,
    /// The parent lives in another service.
    pub(crate) parent_is_remote: bool,
    /// Head-sampled; false for a trace that was kept at its end.
    pub(crate) sampled: bool,
    /// Not the whole of what its trace did here.
    pub(crate) partial: bool,
    /// As it arrived with the trace.
    pub(crate) tracestate: Option<&'a str>,
}
