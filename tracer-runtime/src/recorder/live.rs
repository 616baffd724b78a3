//! The spans of a capture, as they start and end.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::callsite::Callsite;
use crate::context::Ids;
use crate::id::{SpanId, TraceId};
use crate::record::{CallOutcome, SpanDetails, SpanRecord};

/// A span of a capture.
#[derive(Debug, Clone)]
pub(crate) struct LiveSpan {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) parent: SpanId,
    pub(crate) callsite: &'static Callsite,
    /// In ticks.
    pub(crate) start: u64,
    /// In ticks; `None` while it runs.
    pub(crate) end: Option<(u64, CallOutcome)>,
    pub(crate) details: SpanDetails,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Live(Mutex<Spans>);

#[derive(Debug, Default)]
struct Spans {
    spans: Vec<LiveSpan>,
    running: HashMap<SpanId, usize>,
    /// Whether they began here, or came from elsewhere.
    traces: HashMap<TraceId, bool>,
}

impl Live {
    fn lock(&self) -> MutexGuard<'_, Spans> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The trace began here: whatever continues it belongs to this capture.
    pub(crate) fn claim(&self, trace: TraceId) {
        self.lock().traces.insert(trace, true);
    }

    /// The trace began in another process, and goes on here.
    pub(crate) fn adopt(&self, trace: TraceId) {
        self.lock().traces.entry(trace).or_insert(false);
    }

    pub(crate) fn has(&self, trace: TraceId) -> bool {
        self.lock().traces.contains_key(&trace)
    }

    pub(crate) fn has_begun(&self, trace: TraceId) -> bool {
        self.lock().traces.get(&trace) == Some(&true)
    }

    pub(crate) fn started(
        &self,
        trace: TraceId,
        span: SpanId,
        parent: SpanId,
        callsite: &'static Callsite,
        start: u64,
    ) {
        let mut live = self.lock();
        let index = live.spans.len();
        live.running.insert(span, index);
        live.spans.push(LiveSpan {
            trace,
            span,
            parent,
            callsite,
            start,
            end: None,
            details: SpanDetails::default(),
        });
    }

    /// A span that runs has a name of its own.
    pub(crate) fn named(&self, span: SpanId, name: Cow<'static, str>) {
        let mut live = self.lock();
        let index = live.running.get(&span).copied();
        if let Some(span) = index.and_then(|index| live.spans.get_mut(index)) {
            let foreign = span.details.foreign.get_or_insert_default();
            foreign.name = Some(name);
        }
    }

    /// A span that runs has other ids.
    pub(crate) fn renamed(&self, from: SpanId, ids: Ids) {
        let mut live = self.lock();
        let Some(index) = live.running.remove(&from) else {
            return;
        };
        live.running.insert(ids.span_id, index);
        let before = live.spans.get(index).map(|span| span.trace);
        let began_here = before.and_then(|before| live.traces.get(&before).copied());
        live.traces
            .entry(ids.trace_id)
            .or_insert(began_here.unwrap_or(false));
        for span in &mut live.spans[index..] {
            if span.span == from {
                (span.trace, span.span) = (ids.trace_id, ids.span_id);
            } else if span.parent == from {
                (span.trace, span.parent) = (ids.trace_id, ids.span_id);
            }
        }
    }

    pub(crate) fn ended(&self, trace: TraceId, record: &SpanRecord, details: Option<SpanDetails>) {
        let mut live = self.lock();
        let index = live.running.remove(&record.span).unwrap_or_else(|| {
            live.spans.push(LiveSpan {
                trace,
                span: record.span,
                parent: record.parent,
                callsite: record.callsite,
                start: record.start,
                end: None,
                details: SpanDetails::default(),
            });
            live.spans.len() - 1
        });
        if let Some(span) = live.spans.get_mut(index) {
            // A call between services learns its name late.
            span.callsite = record.callsite;
            span.end = Some((record.duration, record.outcome));
            span.details = details.unwrap_or_default();
        }
    }

    /// Everything seen so far, in order of the starts.
    pub(crate) fn spans(&self) -> Vec<LiveSpan> {
        self.lock().spans.clone()
    }
}
