//! The API of `opentelemetry` without `enable`: nothing is recorded, and nothing is global.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::trace::{SpanBuilder, SpanContext, Status, TraceContextExt as _};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

/// Which of our spans code finds that reads `opentelemetry::Context::current()`: none, the feature `enable` is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OtelContext {
    /// None.
    Off,
    /// None.
    #[default]
    EntrySpans,
    /// None.
    AllSpans,
}

/// Makes tracers that record nothing: the feature `enable` is off.
#[derive(Debug, Clone, Default)]
pub struct TracerProvider(());

/// Starts spans that nobody records: the feature `enable` is off.
#[derive(Debug, Clone)]
pub struct Tracer(());

/// Stands for its parent: the feature `enable` is off.
#[derive(Debug)]
pub struct Span(SpanContext);

impl TracerProvider {
    /// One that does nothing.
    #[inline]
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl opentelemetry::trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    #[inline]
    fn tracer_with_scope(&self, _scope: InstrumentationScope) -> Tracer {
        Tracer(())
    }
}

impl opentelemetry::trace::Tracer for Tracer {
    type Span = Span;

    #[inline]
    fn build_with_context(&self, _builder: SpanBuilder, parent: &Context) -> Span {
        Span(parent.span().span_context().clone())
    }
}

impl opentelemetry::trace::Span for Span {
    #[inline]
    fn add_event_with_timestamp<T>(
        &mut self,
        _name: T,
        _time: SystemTime,
        _attributes: Vec<KeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
    }

    #[inline]
    fn span_context(&self) -> &SpanContext {
        &self.0
    }

    #[inline]
    fn is_recording(&self) -> bool {
        false
    }

    #[inline]
    fn set_attribute(&mut self, _attribute: KeyValue) {}

    #[inline]
    fn set_status(&mut self, _status: Status) {}

    #[inline]
    fn update_name<T>(&mut self, _new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
    }

    #[inline]
    fn add_link(&mut self, _span_context: SpanContext, _attributes: Vec<KeyValue>) {}

    #[inline]
    fn end_with_timestamp(&mut self, _timestamp: SystemTime) {}
}

/// As in the real one, so that a span that is dropped early is the same mistake.
impl Drop for Span {
    fn drop(&mut self) {}
}
