//! From log records to the protocol's.

use opentelemetry_proto::tonic::logs::v1::{LogRecord as ProtoRecord, SeverityNumber};

use super::encode_common::{attribute, key_value, put_item, text};
use super::encode_spans::SAMPLED;
use crate::callsite::Level;
use crate::clock::Scale;
use crate::context::Ids;
use crate::export::limits::Limits;
use crate::export::logs::LogRecord;
use crate::id::{SpanId, TraceId};
use crate::record::SpanView;
use crate::value::{KeyValue, Value};

/// Appends the record as one item of an envelope.
///
/// All targets are in one scope, so each record says which is its own.
pub(super) fn encode(record: &LogRecord, now: u64, limits: &Limits, out: &mut Vec<u8>) {
    let (severity, name) = severity(record.level);
    let target = key_value("otel.scope.name", text(&record.target));
    let kept = record.attributes.iter().take(limits.attributes);
    let attributes = kept.map(|recorded| attribute(recorded, limits));
    let dropped = record.attributes.len().saturating_sub(limits.attributes);
    let (trace, span, sampled) = record
        .ids
        .map_or((TraceId::INVALID, SpanId::INVALID, false), |ids| {
            (ids.trace_id, ids.span_id, ids.sampled)
        });
    let id = |is_valid: bool, bytes: &[u8]| match is_valid {
        true => bytes.to_vec(),
        false => Vec::new(),
    };
    let record = ProtoRecord {
        time_unix_nano: record.unix_ns,
        observed_time_unix_nano: now,
        severity_number: severity.into(),
        severity_text: name.to_owned(),
        body: record.message.as_deref().map(|body| text(limits.cut(body))),
        attributes: std::iter::once(target).chain(attributes).collect(),
        dropped_attributes_count: dropped as u32,
        flags: if sampled { SAMPLED } else { 0 },
        trace_id: id(trace.is_valid(), &trace.to_bytes()),
        span_id: id(span.is_valid(), &span.to_bytes()),
        event_name: record.event_name.clone().unwrap_or_default().into_owned(),
    };
    put_item(&[], &record, out);
}

/// <https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber>
const fn severity(level: Level) -> (SeverityNumber, &'static str) {
    match level {
        Level::Trace => (SeverityNumber::Trace, "TRACE"),
        Level::Debug => (SeverityNumber::Debug, "DEBUG"),
        Level::Info => (SeverityNumber::Info, "INFO"),
        Level::Warn => (SeverityNumber::Warn, "WARN"),
        Level::Error => (SeverityNumber::Error, "ERROR"),
    }
}

/// Why a call failed, as a log record of its span.
///
/// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/>
pub(super) fn exception(view: &SpanView<'_>, scale: &Scale) -> Option<LogRecord> {
    let kind = view.exception_type()?.to_owned();
    let [_, end] = view.unix_ns(scale);
    let failure = view.details.and_then(|details| details.failure.as_deref());
    let message = failure.and_then(|failure| failure.message.clone());
    let mut attributes = vec![KeyValue::new("exception.type", kind)];
    if let Some(message) = &message {
        attributes.push(KeyValue::new("exception.message", message));
    }
    if let Some(failure) = failure.filter(|failure| !failure.chain.is_empty()) {
        let chain = failure.chain.iter().map(Value::from).collect();
        attributes.push(KeyValue::new("tracer.error.chain", Value::Array(chain)));
    }
    Some(LogRecord {
        unix_ns: end,
        level: Level::Error,
        target: view.record.callsite.target().into(),
        event_name: Some("exception".into()),
        message,
        attributes,
        ids: Some(Ids {
            trace_id: view.trace,
            span_id: view.record.span,
            sampled: view.sampled,
        }),
    })
}
