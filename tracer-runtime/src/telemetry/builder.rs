//! `builder()` and `init()`: what is said before the start.

use std::sync::atomic::{AtomicBool, Ordering::AcqRel};

use super::error::InitError;
use super::guard::Telemetry;
#[cfg(feature = "console")]
use crate::export::console::Console;
use crate::propagation::{Propagator, Propagators};
use crate::rpc::tracers::Tracers;
use crate::rpc::{StatsLevel, Tracer};
use crate::sampling::{Keep, Sampler};
use crate::value::{KeyValue, Value};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Describes what to record and where it goes; [`Builder::init`] starts it.
#[derive(Debug, Default)]
#[must_use = "call `.init()` to start"]
pub struct Builder {
    pub(super) service_name: Option<String>,
    pub(super) resource: Vec<KeyValue>,
    pub(super) sampler: Option<Sampler>,
    pub(super) keep: Keep,
    pub(super) tracers: Tracers,
    pub(super) stats_level: Option<StatsLevel>,
    pub(super) panic_stacks: bool,
    pub(super) filter: Option<String>,
    pub(super) memory_limit: Option<usize>,
    #[cfg(feature = "metrics")]
    pub(super) body_size_metrics: bool,
    pub(super) propagators: Option<Propagators>,
    pub(super) discarding: bool,
    /// The environment chooses the exporters.
    pub(super) automatic: bool,
    #[cfg(feature = "console")]
    pub(super) console: Option<Console>,
    #[cfg(feature = "prometheus")]
    pub(super) prometheus: Option<String>,
    #[cfg(feature = "prometheus")]
    pub(super) prometheus_path: Option<String>,
    #[cfg(feature = "otlp")]
    pub(super) otlp: Option<Option<String>>,
    #[cfg(feature = "otlp")]
    pub(super) otlp_logs: bool,
    #[cfg(feature = "opentelemetry")]
    pub(super) otel: super::opentelemetry::OtelSettings,
}

/// Begins a description.
///
/// ```
/// # fn main() -> Result<(), tracer_runtime::InitError> {
/// use tracer_runtime::Sampler;
///
/// let telemetry = tracer_runtime::builder().with_service_name("shop").with_sampler(Sampler::ratio(0.01)).init()?;
/// # drop(telemetry);
/// # Ok(())
/// # }
/// ```
pub fn builder() -> Builder {
    Builder::default()
}

/// Starts with what the environment says: `OTEL_TRACES_EXPORTER` (`otlp` unless said, `console`, `none`),
/// `OTEL_METRICS_EXPORTER` (`otlp` unless said, `prometheus`, `none`), `OTEL_LOGS_EXPORTER` (`none` unless said, `otlp`) and
/// all that concerns these.
///
/// # Errors
///
/// As [`Builder::init`].
pub fn init() -> Result<Telemetry, InitError> {
    let mut builder = builder();
    builder.automatic = true;
    #[cfg(feature = "otlp")]
    let builder = builder.with_otlp();
    builder.init()
}

impl Builder {
    /// `service.name`.
    pub fn with_service_name(mut self, name: impl Into<String>) -> Self {
        self.service_name = Some(name.into());
        self
    }

    /// Says something about the process; the last value of a key counts.
    pub fn with_resource_attribute(
        mut self,
        key: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        self.resource.push(KeyValue::new(key.into(), value));
        self
    }

    /// Head sampling; everything unless said.
    pub fn with_sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// What is kept although head sampling passed it over; errors and panics unless said.
    pub fn with_keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Tells this tracer of every call between services; any number, started in this order, finished in reverse.
    ///
    /// ```
    /// use tracer_runtime::rpc::{RpcInfo, Tracer};
    ///
    /// struct Log;
    ///
    /// impl Tracer for Log {
    ///     type State = ();
    ///     fn start(&self, _rpc: &RpcInfo) {}
    ///     fn finish(&self, rpc: &RpcInfo, _state: ()) {
    ///         println!("{} took {:?}", rpc.invocation().full_method(), rpc.stats().cost());
    ///     }
    /// }
    ///
    /// let builder = tracer_runtime::builder().with_tracer(Log);
    /// # drop(builder);
    /// ```
    pub fn with_tracer(mut self, tracer: impl Tracer) -> Self {
        self.tracers.push(tracer);
        self
    }

    /// How much of a call's lifecycle is noted; [`StatsLevel::Detailed`] unless said where there is a tracer,
    /// [`StatsLevel::Base`] where there is none.
    pub fn with_stats_level(mut self, level: StatsLevel) -> Self {
        self.stats_level = Some(level);
        self
    }

    /// Notes where a call between services panicked: `exception.stacktrace` on its span, up to 8 KiB, and
    /// [`RpcInfo::panic_stack`](crate::rpc::RpcInfo::panic_stack) for tracers.
    ///
    /// A panic hook sees it, in front of the one that there is; a hook that is set later has to call it. It costs
    /// nothing until a call panics, and then some milliseconds for the names of the functions.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
    ///
    /// ```
    /// let builder = tracer_runtime::builder().with_panic_stacks();
    /// # drop(builder);
    /// ```
    pub fn with_panic_stacks(mut self) -> Self {
        self.panic_stacks = true;
        self
    }

    /// Counts the bytes of bodies of HTTP requests and answers as well: `http.server.request.body.size` and its kind, which
    /// the conventions want to be asked for.
    ///
    /// <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>
    #[cfg(feature = "metrics")]
    pub fn with_body_size_metrics(mut self) -> Self {
        self.body_size_metrics = true;
        self
    }

    /// The formats in which context travels between services, instead of what `OTEL_PROPAGATORS` says; W3C trace context and
    /// baggage unless said.
    ///
    /// Reading, the first that finds a parent is believed; writing, all are written. None is a way to leave it.
    ///
    /// ```
    /// use tracer_runtime::propagation::Propagator;
    ///
    /// let builder = tracer_runtime::builder().with_propagators([Propagator::TraceContext, Propagator::B3Multi]);
    /// # drop(builder);
    /// ```
    pub fn with_propagators(mut self, propagators: impl IntoIterator<Item = Propagator>) -> Self {
        self.propagators = Some(Propagators::new(propagators));
        self
    }

    /// What is recorded of which module: directives between commas, of which the one with the longest target counts. What
    /// none of them names is recorded. Before the environment's `TRACER_FILTER`; everything unless said.
    ///
    /// | directive | spans of |
    /// |---|---|
    /// | `shop::db=warn` | the functions in this module and below whose `level` is `warn` or more severe |
    /// | `shop::db=off` | none of them |
    /// | `shop::db` | all of them, as `shop::db=trace` |
    /// | `info`, `off` | a level alone: everything that no other directive names |
    ///
    /// The levels are `error`, `warn`, `info`, `debug`, `trace`. The target is the module's path, or what `target = "…"`
    /// says. Where a function has no span, its children hang under its caller, and so does what it records.
    ///
    /// Metrics are counted all the same, unless the directive ends in `/metrics=off`: then not for any function that it
    /// names, whatever its level. Spans of crates that use `tracing`, which `tracing_layer` brings, are counted only where
    /// the directive ends in `/metrics=on`.
    ///
    /// [`Telemetry::set_filter`] replaces the filter later.
    ///
    /// ```
    /// # fn main() -> Result<(), tracer_runtime::InitError> {
    /// let telemetry = tracer_runtime::builder().with_filter("info,shop::db=off,shop::cache=off/metrics=off").init()?;
    /// # drop(telemetry);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Bytes that records and what waits for export may hold together, on top of some 50 KiB a thread; 64 MiB unless
    /// said. What does not fit is dropped and counted.
    pub fn with_memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Serves `GET /metrics` at this address on a server of its own, in OpenMetrics or the older Prometheus text.
    ///
    /// Port 0 takes any free one; [`Telemetry::prometheus_addr`] tells which.
    ///
    /// ```
    /// # fn main() -> Result<(), tracer_runtime::InitError> {
    /// let telemetry = tracer_runtime::builder().with_prometheus("127.0.0.1:0").init()?;
    /// assert!(telemetry.prometheus_addr().is_some_and(|address| address.port() != 0));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "prometheus")]
    pub fn with_prometheus(mut self, address: impl Into<String>) -> Self {
        self.prometheus = Some(address.into());
        self
    }

    /// Where that server has the metrics, instead of `/metrics`. What is no path is an error of `init`.
    ///
    /// ```
    /// # fn main() -> Result<(), tracer_runtime::InitError> {
    /// let builder = tracer_runtime::builder().with_prometheus("127.0.0.1:0").with_prometheus_path("/kitexserver");
    /// let telemetry = builder.init()?;
    /// # drop(telemetry);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "prometheus")]
    pub fn with_prometheus_path(mut self, path: impl Into<String>) -> Self {
        self.prometheus_path = Some(path.into());
        self
    }

    /// Sends spans and metrics by OTLP/gRPC to `OTEL_EXPORTER_OTLP_*`, else to `http://localhost:4317`.
    #[cfg(feature = "otlp")]
    pub fn with_otlp(mut self) -> Self {
        self.otlp = Some(None);
        self
    }

    /// Sends spans and metrics by OTLP/gRPC to this URL, whatever the environment says.
    #[cfg(feature = "otlp")]
    pub fn with_otlp_endpoint(mut self, url: impl Into<String>) -> Self {
        self.otlp = Some(Some(url.into()));
        self
    }

    /// Sends what [`event!`](crate::event) says as log records too, each with the ids of its span, to where spans go; and
    /// with [`tracing_layer`](crate::tracing_layer) every event of `tracing` that the layer sees, outside of traces as well:
    /// `tracing_layer().with_filter(LevelFilter::INFO)` leaves out what nobody wants to keep.
    ///
    /// Unless it is called they are sent where the environment has `OTEL_LOGS_EXPORTER=otlp`. Without
    /// [`with_otlp`](Self::with_otlp) or [`with_otlp_endpoint`](Self::with_otlp_endpoint) it does nothing.
    ///
    /// A record is sent whether its trace is kept or not. 2,048 may wait; what is over that is dropped and counted
    /// (`tracer_log_records_dropped_total`).
    ///
    /// With `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN=logs` why a call failed is said by a log record, instead of by an event
    /// of its span; with `logs/dup` by both.
    #[cfg(feature = "otlp")]
    pub fn with_otlp_logs(mut self) -> Self {
        self.otlp_logs = true;
        self
    }

    /// Shows kept traces as call trees on standard error, coloured on a terminal unless `NO_COLOR` is set.
    #[cfg(feature = "console")]
    pub fn with_console(self) -> Self {
        self.with_console_to(Console::stderr())
    }

    /// Shows kept traces as call trees somewhere else, or some of them only; replaces an earlier console.
    #[cfg(feature = "console")]
    pub fn with_console_to(mut self, console: Console) -> Self {
        self.console = Some(console);
        self
    }

    /// Takes kept traces and throws them away; for benchmarks.
    #[doc(hidden)]
    pub fn with_discarding_exporter(mut self) -> Self {
        self.discarding = true;
        self
    }

    /// Starts recording, once a process.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, when it was started before, when a layer of `tracing-opentelemetry` exports the same
    /// spans (feature `tracing-opentelemetry`), or when the system gives no thread. Nothing has changed then.
    pub fn init(self) -> Result<Telemetry, InitError> {
        if TAKEN.swap(true, AcqRel) {
            return Err(InitError::AlreadyInitialised);
        }
        let started = self.start();
        if started.is_err() {
            TAKEN.store(false, std::sync::atomic::Ordering::Release);
        }
        started
    }
}
