//! The provider and its tracers.

use std::sync::Arc;

use opentelemetry::context::GlobalContextObserver;
use opentelemetry::trace::{SpanBuilder, TraceContextExt as _};
use opentelemetry::{Context, InstrumentationScope, global};

use super::attached::Observer;
use super::scope::Scope;
use super::span::Span;
use super::start;
use crate::mode;

/// Makes [`Tracer`]s. [`init`](crate::init) makes one of it the global one.
#[derive(Debug, Clone, Default)]
pub struct TracerProvider(());

/// Starts [`Span`]s.
#[derive(Debug, Clone)]
pub struct Tracer(&'static Scope);

impl TracerProvider {
    /// All of them are alike: their spans go where those of annotated calls go.
    #[must_use]
    pub fn new() -> Self {
        observe();
        Self(())
    }
}

impl opentelemetry::trace::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer(Scope::of(scope))
    }
}

impl opentelemetry::trace::Tracer for Tracer {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Span {
        if mode::get() == 0 || parent.is_telemetry_suppressed() {
            return Span::passed_on(parent.span().span_context().clone(), None);
        }
        start::start(self.0, builder, parent)
    }
}

/// Makes ours the global provider.
pub(crate) fn install() {
    global::set_tracer_provider(TracerProvider::new());
}

/// Hears of contexts from now on.
pub(crate) fn observe() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| GlobalContextObserver::set(Arc::new(Observer)));
}
