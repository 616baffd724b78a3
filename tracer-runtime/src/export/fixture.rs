//! Spans for tests.

use crate::callsite::Callsite;
use crate::id::{SpanId, TraceId};
use crate::record::{CallOutcome, Event, EventKind, Failure, SpanDetails, SpanRecord, SpanView};
use crate::value::KeyValue;

/// A span that owns what a view borrows.
#[derive(Debug, Clone)]
pub(crate) struct OwnedSpan {
    pub(crate) trace: TraceId,
    pub(crate) record: SpanRecord,
    pub(crate) details: Option<SpanDetails>,
    pub(crate) parent_is_remote: bool,
    pub(crate) sampled: bool,
    pub(crate) partial: bool,
    pub(crate) tracestate: Option<&'static str>,
}

impl OwnedSpan {
    /// A sampled root of trace 1 that ended well; from tick 100 on, 50 ticks long.
    pub(crate) fn new(site: &'static Callsite, id: u64) -> Self {
        Self {
            trace: TraceId([0, 1]),
            record: SpanRecord {
                span: SpanId(id),
                parent: SpanId::INVALID,
                callsite: site,
                start: 100,
                duration: 50,
                outcome: CallOutcome::Ok,
                details: 0,
            },
            details: None,
            parent_is_remote: false,
            sampled: true,
            partial: false,
            tracestate: None,
        }
    }

    pub(crate) fn of_trace(mut self, trace: u64) -> Self {
        self.trace = TraceId([0, trace]);
        self
    }

    pub(crate) fn under(mut self, parent: u64) -> Self {
        self.record.parent = SpanId(parent);
        self
    }

    /// In ticks.
    pub(crate) fn during(mut self, start: u64, duration: u64) -> Self {
        self.record.start = start;
        self.record.duration = duration;
        self
    }

    pub(crate) fn ended(mut self, outcome: CallOutcome) -> Self {
        self.record.outcome = outcome;
        self
    }

    pub(crate) fn failed(mut self, error_type: &'static str, message: Option<&str>) -> Self {
        self.details().failure = Some(Box::new(Failure {
            error_type: error_type.into(),
            message: message.map(str::to_owned),
            chain: Vec::new(),
        }));
        self.ended(CallOutcome::Error)
    }

    pub(crate) fn with(mut self, attribute: KeyValue) -> Self {
        self.details().attributes.push(attribute);
        self
    }

    pub(crate) fn event(
        mut self,
        kind: EventKind,
        name: &'static str,
        time: u64,
        attributes: Vec<KeyValue>,
    ) -> Self {
        self.details().events.push(Event {
            kind,
            name: name.into(),
            time,
            attributes,
            dropped_attributes: 0,
        });
        self
    }

    pub(crate) fn details(&mut self) -> &mut SpanDetails {
        self.details.get_or_insert_default()
    }

    pub(crate) fn view(&self) -> SpanView<'_> {
        SpanView {
            trace: self.trace,
            record: &self.record,
            details: self.details.as_ref(),
            parent_is_remote: self.parent_is_remote,
            sampled: self.sampled,
            partial: self.partial,
            tracestate: self.tracestate,
        }
    }
}
