//! What `init` returns: flush and shutdown.

use std::time::Duration;

use super::error::TelemetryError;
use crate::mode;
use crate::recorder::collector::Collector;

/// How long dropping [`Telemetry`] may take.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Running telemetry. Dropping it shuts it down within 5 s.
#[derive(Debug)]
#[must_use = "dropping it shuts telemetry down; bind it to a name in `main`"]
pub struct Telemetry {
    pub(crate) collector: Option<Collector>,
    #[cfg(feature = "prometheus")]
    pub(crate) prometheus: Option<crate::metrics::server::PrometheusServer>,
}

impl Telemetry {
    /// Where `/metrics` is served, with the real port; `None` without `with_prometheus`.
    #[cfg(feature = "prometheus")]
    #[must_use]
    pub fn prometheus_addr(&self) -> Option<std::net::SocketAddr> {
        self.prometheus.as_ref().map(|server| server.address())
    }

    /// Delivers what was kept before the call.
    ///
    /// # Errors
    ///
    /// When an exporter failed, or `timeout` came first.
    pub fn flush(&self, timeout: Duration) -> Result<(), TelemetryError> {
        let Some(collector) = &self.collector else {
            return Ok(());
        };
        collector
            .flush(timeout)
            .map_err(|error| TelemetryError(error.to_string()))
    }

    /// Stops recording and delivers what was kept before the call.
    ///
    /// # Errors
    ///
    /// When an exporter failed, or `timeout` came first.
    pub fn shutdown(mut self, timeout: Duration) -> Result<(), TelemetryError> {
        self.stop(timeout)
    }

    fn stop(&mut self, timeout: Duration) -> Result<(), TelemetryError> {
        mode::clear(mode::INITIALISED);
        // Its last answers are written while the collector delivers, so that both fit the one timeout.
        #[cfg(feature = "prometheus")]
        if let Some(server) = &mut self.prometheus {
            server.begin_stop();
        }
        let Some(mut collector) = self.collector.take() else {
            return Ok(());
        };
        collector
            .shutdown(timeout)
            .map_err(|error| TelemetryError(error.to_string()))
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        let _ = self.stop(DROP_TIMEOUT);
    }
}
