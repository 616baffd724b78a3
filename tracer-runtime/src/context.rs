//! Ids that travel.

use crate::id::{SpanId, TraceId};
use crate::value::KeyValue;

/// A reference to a span of another trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Its trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Whether that trace was head-sampled.
    pub sampled: bool,
    /// What the reference means.
    pub attributes: Vec<KeyValue>,
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

/// A parent in another service, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The trace to continue.
    pub trace_id: TraceId,
    /// The caller's span.
    pub span_id: SpanId,
    /// Trace flags: bit 0 sampled, bit 1 random (W3C trace context level 2).
    pub flags: u8,
    /// The validated `tracestate`, passed on as it came.
    pub tracestate: Option<std::sync::Arc<str>>,
}
