//! Starting and stopping without the feature `enable`: nothing starts.

pub(crate) mod builder {
    use crate::propagation::Propagator;
    use crate::rpc::{StatsLevel, Tracer};
    use crate::sampling::{Keep, Sampler};
    use crate::telemetry::error::InitError;
    use crate::telemetry::guard::Telemetry;
    use crate::value::Value;

    /// Describes nothing: the feature `enable` is off.
    #[derive(Debug, Default)]
    #[must_use = "call `.init()` to start"]
    pub struct Builder(());

    /// Call trees that nobody sees: the feature `enable` is off.
    #[cfg(feature = "console")]
    #[derive(Debug)]
    #[must_use = "pass it to `with_console_to`"]
    pub struct Console(());

    #[cfg(feature = "console")]
    impl Console {
        /// Nowhere.
        #[inline]
        pub fn stderr() -> Self {
            Self(())
        }

        /// Nowhere.
        #[inline]
        pub fn stdout() -> Self {
            Self(())
        }

        /// Nowhere.
        #[inline]
        pub fn to(_out: impl std::io::Write + Send + 'static) -> Self {
            Self(())
        }

        /// None.
        #[inline]
        pub fn only(self, _rules: Keep) -> Self {
            self
        }

        /// None.
        #[inline]
        pub fn at_most(self, _n: u64) -> Self {
            self
        }
    }

    /// Begins a description of nothing.
    #[inline]
    pub fn builder() -> Builder {
        Builder(())
    }

    /// Starts nothing.
    ///
    /// # Errors
    ///
    /// Never.
    #[inline]
    pub fn init() -> Result<Telemetry, InitError> {
        builder().init()
    }

    impl Builder {
        /// Nothing.
        #[inline]
        pub fn with_service_name(self, _name: impl Into<String>) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_resource_attribute(
            self,
            _key: impl Into<String>,
            _value: impl Into<Value>,
        ) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_sampler(self, _sampler: Sampler) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_keep(self, _keep: Keep) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_tracer(self, _tracer: impl Tracer) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_stats_level(self, _level: StatsLevel) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_panic_stacks(self) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "metrics")]
        #[inline]
        pub fn with_body_size_metrics(self) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_propagators(self, _propagators: impl IntoIterator<Item = Propagator>) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_filter(self, _filter: impl Into<String>) -> Self {
            self
        }

        /// Nothing.
        #[inline]
        pub fn with_memory_limit(self, _bytes: usize) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "prometheus")]
        #[inline]
        pub fn with_prometheus(self, _address: impl Into<String>) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "prometheus")]
        #[inline]
        pub fn with_prometheus_path(self, _path: impl Into<String>) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "otlp")]
        #[inline]
        pub fn with_otlp(self) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "otlp")]
        #[inline]
        pub fn with_otlp_endpoint(self, _url: impl Into<String>) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "otlp")]
        #[inline]
        pub fn with_otlp_logs(self) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "console")]
        #[inline]
        pub fn with_console(self) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "console")]
        #[inline]
        pub fn with_console_to(self, _console: Console) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "opentelemetry")]
        #[inline]
        pub fn with_span_exporter(
            self,
            _exporter: impl opentelemetry_sdk::trace::SpanExporter + 'static,
        ) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "opentelemetry")]
        #[inline]
        pub fn without_otel_provider(self) -> Self {
            self
        }

        /// Nothing.
        #[cfg(feature = "opentelemetry")]
        #[inline]
        pub fn with_otel_context(
            self,
            _spans: crate::integrations::opentelemetry::OtelContext,
        ) -> Self {
            self
        }

        /// Starts nothing.
        ///
        /// # Errors
        ///
        /// Never.
        #[inline]
        pub fn init(self) -> Result<Telemetry, InitError> {
            Ok(Telemetry::new())
        }
    }
}

pub(crate) mod guard {
    use std::time::Duration;

    use crate::telemetry::error::{FilterError, TelemetryError};

    /// Telemetry that does not run: the feature `enable` is off.
    #[derive(Debug)]
    #[must_use = "dropping it shuts telemetry down; bind it to a name in `main`"]
    pub struct Telemetry(());

    impl Telemetry {
        pub(super) fn new() -> Self {
            Self(())
        }

        /// `None`.
        #[cfg(feature = "prometheus")]
        #[inline]
        #[must_use]
        pub fn prometheus_addr(&self) -> Option<std::net::SocketAddr> {
            None
        }

        /// Nothing to replace.
        ///
        /// # Errors
        ///
        /// Never.
        #[inline]
        pub fn set_filter(&self, _filter: &str) -> Result<(), FilterError> {
            Ok(())
        }

        /// Nothing to deliver.
        ///
        /// # Errors
        ///
        /// Never.
        #[inline]
        pub fn flush(&self, _timeout: Duration) -> Result<(), TelemetryError> {
            Ok(())
        }

        /// Nothing to stop.
        ///
        /// # Errors
        ///
        /// Never.
        #[inline]
        pub fn shutdown(self, _timeout: Duration) -> Result<(), TelemetryError> {
            Ok(())
        }
    }

    /// As in the real one, so that dropping it early is the same mistake.
    impl Drop for Telemetry {
        fn drop(&mut self) {}
    }
}
