//! Between the values of `opentelemetry` and ours.

use std::str::FromStr as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    Link as OtelLink, SpanContext, SpanId as OtelSpanId, SpanKind as OtelKind, TraceFlags,
    TraceId as OtelTraceId, TraceState,
};
use opentelemetry::{Array, KeyValue as OtelKeyValue, StringValue, Value as OtelValue};

use crate::callsite::SpanKind;
use crate::context::Link;
use crate::id::{SpanId, TraceId};
use crate::value::{KeyValue, Value};

pub(crate) fn trace_id(id: TraceId) -> OtelTraceId {
    OtelTraceId::from_bytes(id.to_bytes())
}

pub(crate) fn span_id(id: SpanId) -> OtelSpanId {
    OtelSpanId::from_bytes(id.to_bytes())
}

pub(crate) fn trace_of(context: &SpanContext) -> TraceId {
    TraceId::from_bytes(context.trace_id().to_bytes())
}

pub(crate) fn span_of(context: &SpanContext) -> SpanId {
    SpanId::from_bytes(context.span_id().to_bytes())
}

pub(crate) fn flags(sampled: bool) -> TraceFlags {
    match sampled {
        true => TraceFlags::SAMPLED,
        false => TraceFlags::NOT_SAMPLED,
    }
}

pub(super) fn kind_of(kind: &OtelKind) -> SpanKind {
    match kind {
        OtelKind::Client => SpanKind::Client,
        OtelKind::Server => SpanKind::Server,
        OtelKind::Producer => SpanKind::Producer,
        OtelKind::Consumer => SpanKind::Consumer,
        OtelKind::Internal => SpanKind::Internal,
    }
}

pub(crate) fn kind(kind: SpanKind) -> OtelKind {
    match kind {
        SpanKind::Client => OtelKind::Client,
        SpanKind::Server => OtelKind::Server,
        SpanKind::Producer => OtelKind::Producer,
        SpanKind::Consumer => OtelKind::Consumer,
        SpanKind::Internal => OtelKind::Internal,
    }
}

pub(super) fn link_of(context: &SpanContext, attributes: Vec<OtelKeyValue>) -> Link {
    let mut link = Link::new(trace_of(context), span_of(context), context.is_sampled());
    link.attributes = attributes.into_iter().map(key_value_of).collect();
    link.remote = Some(context.is_remote());
    let state = context.trace_state().header();
    link.tracestate = (!state.is_empty()).then(|| state.into());
    link
}

pub(crate) fn link(link: &Link) -> OtelLink {
    let state = link.tracestate.as_deref();
    let state = state.and_then(|text| TraceState::from_str(text).ok());
    let context = SpanContext::new(
        trace_id(link.trace_id),
        span_id(link.span_id),
        flags(link.sampled),
        link.remote.unwrap_or(false),
        state.unwrap_or(TraceState::NONE),
    );
    OtelLink::new(context, link.attributes.iter().map(key_value).collect(), 0)
}

pub(super) fn key_value_of(attribute: OtelKeyValue) -> KeyValue {
    KeyValue {
        key: String::from(attribute.key).into(),
        value: value_of(attribute.value),
    }
}

fn value_of(value: OtelValue) -> Value {
    match value {
        OtelValue::Bool(x) => Value::Bool(x),
        OtelValue::I64(x) => Value::I64(x),
        OtelValue::F64(x) => Value::F64(x),
        OtelValue::String(x) => Value::Str(String::from(x).into()),
        OtelValue::Array(Array::Bool(x)) => list_of(x, Value::Bool),
        OtelValue::Array(Array::I64(x)) => list_of(x, Value::I64),
        OtelValue::Array(Array::F64(x)) => list_of(x, Value::F64),
        OtelValue::Array(Array::String(x)) => list_of(x, |x| Value::Str(String::from(x).into())),
        other => Value::Str(other.as_str().into_owned().into()),
    }
}

fn list_of<T>(values: Vec<T>, value: impl Fn(T) -> Value) -> Value {
    Value::Array(values.into_iter().map(value).collect())
}

pub(crate) fn key_value(attribute: &KeyValue) -> OtelKeyValue {
    OtelKeyValue::new(attribute.key.clone(), value(&attribute.value))
}

pub(super) fn value(value: &Value) -> OtelValue {
    match value {
        Value::Bool(x) => (*x).into(),
        Value::I64(x) => (*x).into(),
        Value::F64(x) => (*x).into(),
        Value::Str(x) => x.clone().into(),
        Value::Array(values) => OtelValue::Array(array(values)),
    }
}

/// Of the kind of the first value; what is of another one becomes text with all the others.
fn array(values: &[Value]) -> Array {
    let texts = || {
        let text = |value: &Value| match value {
            Value::Str(x) => StringValue::from(x.clone()),
            other => StringValue::from(other.to_string()),
        };
        Array::String(values.iter().map(text).collect())
    };
    fn all<T>(values: &[Value], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        values.iter().map(of).collect()
    }
    let array = match values.first() {
        Some(Value::Bool(_)) => all(values, |value| match value {
            Value::Bool(x) => Some(*x),
            _ => None,
        })
        .map(Array::Bool),
        Some(Value::I64(_)) => all(values, |value| match value {
            Value::I64(x) => Some(*x),
            _ => None,
        })
        .map(Array::I64),
        Some(Value::F64(_)) => all(values, |value| match value {
            Value::F64(x) => Some(*x),
            _ => None,
        })
        .map(Array::F64),
        _ => None,
    };
    array.unwrap_or_else(texts)
}

/// Heap bytes behind an attribute, as far as they can be seen.
pub(super) fn bytes(attribute: &OtelKeyValue) -> usize {
    let value = match &attribute.value {
        OtelValue::String(text) => text.as_str().len(),
        OtelValue::Array(Array::Bool(x)) => x.len(),
        OtelValue::Array(Array::I64(x)) => size_of_val(x.as_slice()),
        OtelValue::Array(Array::F64(x)) => size_of_val(x.as_slice()),
        OtelValue::Array(Array::String(x)) => {
            let texts: usize = x.iter().map(|text| text.as_str().len()).sum();
            size_of_val(x.as_slice()) + texts
        }
        _ => 0,
    };
    size_of::<OtelKeyValue>() + value
}

/// Nanoseconds since the epoch; 0 for what is before it.
pub(super) fn unix_ns(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let whole = since.as_secs().saturating_mul(1_000_000_000);
    whole.saturating_add(since.subsec_nanos().into())
}

pub(crate) fn system_time(unix_ns: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(unix_ns)
}
