//! Ids that travel.

use std::sync::Arc;

use crate::baggage::Baggage;
use crate::id::{SpanId, TraceId};
use crate::value::KeyValue;

/// A reference to a span of another trace.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// Its trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Whether that trace was head-sampled.
    pub sampled: bool,
    /// What the reference means.
    pub attributes: Vec<KeyValue>,
    /// What vendors have noted of that trace: its `tracestate` as in
    /// [W3C trace context](https://www.w3.org/TR/trace-context/#tracestate-header).
    pub tracestate: Option<Arc<str>>,
    /// Whether the span is one of another service; `None` where that is not known.
    pub remote: Option<bool>,
}

impl Link {
    /// A reference to this span, of a trace that was head-sampled or not.
    #[must_use]
    pub const fn new(trace_id: TraceId, span_id: SpanId, sampled: bool) -> Self {
        Self {
            trace_id,
            span_id,
            sampled,
            attributes: Vec::new(),
            tracestate: None,
            remote: None,
        }
    }

    pub(crate) const fn is_valid(&self) -> bool {
        self.trace_id.is_valid() && self.span_id.is_valid()
    }
}

impl From<Ids> for Link {
    fn from(ids: Ids) -> Self {
        Self::new(ids.trace_id, ids.span_id, ids.sampled)
    }
}

impl From<&Self> for Link {
    fn from(link: &Self) -> Self {
        link.clone()
    }
}

/// The ids of the current span, for log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ids {
    /// Its trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Whether the trace was head-sampled.
    pub sampled: bool,
}

/// What arrived from another service: a parent, and what travels beside it.
///
/// Without a parent ([`Self::is_valid`] is false) it brings baggage, or the word that nothing is to be sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remote {
    /// The trace to continue.
    pub trace_id: TraceId,
    /// The caller's span.
    pub span_id: SpanId,
    /// Trace flags: bit 0 sampled, bit 1 random (W3C trace context level 2).
    pub flags: u8,
    /// The caller has left the decision to us, or has said it without naming a trace.
    pub(crate) sampling: Sampling,
    pub(crate) carried: Option<Arc<Carried>>,
}

/// Who decides on head sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sampling {
    /// The flags say it.
    #[default]
    Decided,
    /// Whoever gets it.
    Deferred,
}

/// What a trace takes along beside its ids; shared by all that runs under it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Carried {
    /// Valid, as it came.
    pub(crate) tracestate: Option<Box<str>>,
    pub(crate) baggage: Baggage,
    /// The service that called.
    pub(crate) peer_service: Option<Box<str>>,
    pub(crate) peer_namespace: Option<Box<str>>,
    pub(crate) peer_environment: Option<Box<str>>,
    /// B3 and Jaeger: sampled, whatever anybody else says.
    pub(crate) debug: bool,
}

impl Carried {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// [`Remote::flags`]: the trace is head-sampled.
pub(crate) const SAMPLED: u8 = 1;
/// [`Remote::flags`]: all bits of the trace id are random.
pub(crate) const RANDOM: u8 = 2;

impl Remote {
    /// A parent in another service.
    #[must_use]
    pub const fn new(trace_id: TraceId, span_id: SpanId, flags: u8) -> Self {
        Self {
            trace_id,
            span_id,
            flags,
            sampling: Sampling::Decided,
            carried: None,
        }
    }

    /// Whether it names a parent.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.trace_id.is_valid() && self.span_id.is_valid()
    }

    /// The caller's decision; `None` where it has left it to us.
    #[must_use]
    pub const fn is_sampled(&self) -> Option<bool> {
        match self.sampling {
            Sampling::Decided => Some(self.flags & SAMPLED != 0),
            Sampling::Deferred => None,
        }
    }

    /// The `tracestate`, valid and as it came.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.carried.as_ref()?.tracestate.as_deref()
    }

    /// What else came along.
    #[must_use]
    pub fn baggage(&self) -> Baggage {
        let carried = self.carried.as_ref();
        carried.map_or_else(Baggage::new, |carried| carried.baggage.clone())
    }

    /// The name of the service that called, where it says so (`x-md-service-name`, `source-service`,
    /// `rpc-transit-service.name`).
    #[must_use]
    pub fn peer_service(&self) -> Option<&str> {
        self.carried.as_ref()?.peer_service.as_deref()
    }

    /// The namespace that this name is unique in, where it says so (`rpc-transit-service.namespace`).
    #[must_use]
    pub fn peer_namespace(&self) -> Option<&str> {
        self.carried.as_ref()?.peer_namespace.as_deref()
    }

    /// The deployment environment that the caller runs in, where it says so (`rpc-transit-deployment.environment`).
    #[must_use]
    pub fn peer_environment(&self) -> Option<&str> {
        self.carried.as_ref()?.peer_environment.as_deref()
    }

    /// This with a `tracestate`, which is not checked.
    #[cfg(test)]
    pub(crate) fn with_tracestate(mut self, tracestate: &str) -> Self {
        self.carried = Some(Arc::new(Carried {
            tracestate: Some(tracestate.into()),
            ..Carried::default()
        }));
        self
    }
}
