//! A `tracing` subscriber with our layer, and with ids in its lines.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tracer_runtime::{TraceContextFormat, TracingLayer, tracing_layer};
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Registry, fmt};

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// As text.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A span and an event of another crate, and what becomes of them.
#[must_use]
pub fn of_another_crate() -> Lines {
    let lines = Lines::default();
    let layer: TracingLayer<Registry> = tracing_layer();
    let json = fmt::layer()
        .json()
        .with_writer(Mutex::new(lines.clone()))
        .map_event_format(TraceContextFormat::json);
    let text = fmt::layer()
        .with_writer(Mutex::new(lines.clone()))
        .map_event_format(TraceContextFormat::text);
    let subscriber = tracing_subscriber::registry()
        .with(layer)
        .with(json)
        .with(text);
    tracing::subscriber::with_default(subscriber, || {
        info_span!("of_another_crate").in_scope(|| {
            info!("told");
            super::functions::plain();
        });
    });
    lines
}
