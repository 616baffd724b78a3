//! A layer that does nothing, and a format that adds nothing: the feature `enable` is off.

use std::marker::PhantomData;

use tracing_core::Subscriber;
#[cfg(feature = "tracing-fmt")]
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, format::Writer};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// Does nothing. Made by [`tracing_layer`].
#[derive(Debug)]
pub struct TracingLayer<S>(PhantomData<fn(S)>);

/// A layer that does nothing: the feature `enable` is off.
#[must_use = "a layer does something in a subscriber: `tracing_subscriber::registry().with(..)`"]
pub fn tracing_layer<S>() -> TracingLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    TracingLayer(PhantomData)
}

impl<S> Layer<S> for TracingLayer<S> where S: Subscriber + for<'a> LookupSpan<'a> {}

/// The format as it is.
#[cfg(feature = "tracing-fmt")]
#[derive(Debug, Clone)]
pub struct TraceContextFormat<F>(F);

#[cfg(feature = "tracing-fmt")]
impl<F> TraceContextFormat<F> {
    /// The format as it is.
    pub fn text(inner: F) -> Self {
        Self(inner)
    }

    /// The format as it is.
    pub fn json(inner: F) -> Self {
        Self(inner)
    }
}

#[cfg(feature = "tracing-fmt")]
impl<S, N, F> FormatEvent<S, N> for TraceContextFormat<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &tracing_core::Event<'_>,
    ) -> std::fmt::Result {
        self.0.format_event(context, writer, event)
    }
}
