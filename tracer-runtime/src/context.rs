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
