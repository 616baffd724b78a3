//! Who exports spans: we, or a layer in the `tracing` subscriber.

use tracing_core::dispatcher;

use super::builder::Builder;
use super::env;
use super::error::InitError;
use crate::integrations::tracing_opentelemetry as layer;

impl Builder {
    /// Whether a layer exports them. An error where this would do so too.
    pub(super) fn leaves_spans_to_layer(
        &self,
        settings: &env::Settings,
    ) -> Result<bool, InitError> {
        if !dispatcher::get_default(layer::is_installed) {
            return Ok(false);
        }
        match self.exports_spans(settings) {
            Some(setting) => Err(InitError::ExportedTwice { setting }),
            None => {
                layer::seen();
                Ok(true)
            }
        }
    }

    /// The setting by which spans go to an exporter that is not for people who watch.
    fn exports_spans(&self, settings: &env::Settings) -> Option<&'static str> {
        if self.otel.has_exporters() {
            return Some("with_span_exporter");
        }
        #[cfg(feature = "otlp")]
        if let Some(endpoint) = &self.otlp
            && settings.otlp.traces.is_some()
        {
            return Some(match (endpoint, self.automatic) {
                (_, true) => "OTEL_TRACES_EXPORTER",
                (Some(_), false) => "with_otlp_endpoint",
                (None, false) => "with_otlp",
            });
        }
        let _ = settings;
        None
    }
}
