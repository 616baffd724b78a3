//! What `init` returns: flush and shutdown.

use std::time::Duration;

use super::error::{FilterError, TelemetryError};
use crate::filter::{self, Filter};
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

    /// Replaces the filter, for the calls that begin from now on; [`Builder::with_filter`](crate::Builder::with_filter)
    /// says what it may be. Empty, everything is recorded. A call that is running ends as it began.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let telemetry = tracer_runtime::builder().init()?;
    /// telemetry.set_filter("info,shop::db=off")?;
    /// let error = telemetry.set_filter("info,shop::db=loud").unwrap_err();
    /// assert_eq!(error.directive(), "shop::db=loud");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When a directive cannot be used. Nothing has changed then.
    pub fn set_filter(&self, filter: &str) -> Result<(), FilterError> {
        let parsed = Filter::parse(filter)?;
        match filter::set(parsed) {
            true => Ok(()),
            false => Err(FilterError {
                directive: filter.to_owned(),
                problem: "this thread is recording right now; set it from elsewhere".to_owned(),
            }),
        }
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
        crate::export::logs::SINK.set(false);
        #[cfg(feature = "opentelemetry")]
        crate::integrations::opentelemetry::set_contexts(crate::OtelContext::Off);
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
