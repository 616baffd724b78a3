//! `builder()` and `init()`.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};

use super::env;
use super::error::InitError;
use super::guard::Telemetry;
use crate::clock;
#[cfg(feature = "console")]
use crate::export::console::{Console, ConsoleExporter};
use crate::export::discard::Discard;
#[cfg(feature = "otlp")]
use crate::export::otlp::{OtlpExporter, Surroundings};
use crate::export::resource::Resource;
use crate::metrics;
use crate::mode;
use crate::propagation::{Propagator, Propagators, propagators};
use crate::recorder::budget;
use crate::recorder::collector::{Collector, Exporters};
use crate::recorder::pipeline::GLOBAL;
use crate::rpc::tracers::Tracers;
use crate::rpc::{self, Installed, StatsLevel, Tracer};
use crate::sampling::{Keep, Sampler};
use crate::value::{KeyValue, Value};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Describes what to record and where it goes; [`Builder::init`] starts it.
#[derive(Debug, Default)]
#[must_use = "call `.init()` to start"]
pub struct Builder {
    service_name: Option<String>,
    resource: Vec<KeyValue>,
    sampler: Option<Sampler>,
    keep: Keep,
    tracers: Tracers,
    stats_level: Option<StatsLevel>,
    memory_limit: Option<usize>,
    #[cfg(feature = "metrics")]
    body_size_metrics: bool,
    propagators: Option<Propagators>,
    discarding: bool,
    /// The environment chooses the exporters.
    automatic: bool,
    #[cfg(feature = "console")]
    console: Option<Console>,
    #[cfg(feature = "prometheus")]
    prometheus: Option<String>,
    #[cfg(feature = "otlp")]
    otlp: Option<Option<String>>,
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
/// `OTEL_METRICS_EXPORTER` (`otlp` unless said, `prometheus`, `none`) and all that concerns these.
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
    /// When a setting cannot be used, when it was started before, or when the system gives no thread. Nothing has
    /// changed then.
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

    /// What the environment chose where nothing was chosen here.
    fn choose(&mut self, settings: &env::Settings) {
        if !self.automatic {
            return;
        }
        #[cfg(feature = "console")]
        if settings.traces_exporter == Some(env::ExporterSetting::Console) {
            self.console = Some(Console::stderr());
        }
        #[cfg(feature = "prometheus")]
        if settings.metrics_exporter == Some(env::ExporterSetting::Prometheus) {
            let env::PrometheusSetting { host, port } = &settings.prometheus;
            self.prometheus = Some(format!("{host}:{port}"));
        }
        let _ = settings;
    }

    fn start(mut self) -> Result<Telemetry, InitError> {
        // What is not text is no value either, and is warned about as such.
        let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        let (settings, warnings) = env::read(variable);
        for warning in warnings {
            warn(&warning);
        }
        self.choose(&settings);
        if settings.disabled {
            return Ok(Telemetry {
                collector: None,
                #[cfg(feature = "prometheus")]
                prometheus: None,
            });
        }
        clock::scale();
        metrics::prepare();
        let resource = self.resource(&settings);
        let exporters = self.exporters(&settings, &resource)?;
        #[cfg(feature = "prometheus")]
        let prometheus = self
            .prometheus
            .as_deref()
            .map(|address| metrics::server::serve(address, "with_prometheus"));
        #[cfg(feature = "prometheus")]
        let prometheus = prometheus.transpose().map_err(setting)?;
        let collector = Collector::start(exporters).map_err(InitError::Thread)?;
        // Nothing fails from here on: a failed start leaves nothing behind.
        #[cfg(feature = "metrics")]
        metrics::set_target(resource.attributes());
        let from_environment = settings.sampler.map(|sampler| {
            let ratio = Sampler::ratio(sampler.ratio);
            if sampler.parent_based {
                ratio
            } else {
                ratio.ignoring_parent()
            }
        });
        let named = settings.propagators.clone().map(Propagators::new);
        propagators::choose(self.propagators.take().or(named), resource.service_name());
        budget::set_limit(self.memory_limit());
        let level = self.stats_level.unwrap_or(match self.tracers.is_empty() {
            true => StatsLevel::Base,
            false => StatsLevel::Detailed,
        });
        rpc::install(Installed {
            tracers: std::mem::take(&mut self.tracers),
            level,
            service_name: resource.service_name().unwrap_or_default().to_owned(),
        });
        #[cfg(feature = "metrics")]
        rpc::metrics::install(rpc::metrics::Options {
            old_durations: settings.old_rpc_durations,
            body_sizes: self.body_size_metrics,
        });
        GLOBAL.policy.set(
            self.sampler.or(from_environment).unwrap_or_default(),
            self.keep,
        );
        mode::set(mode::INITIALISED);
        Ok(Telemetry {
            collector: Some(collector),
            #[cfg(feature = "prometheus")]
            prometheus,
        })
    }

    fn memory_limit(&self) -> usize {
        self.memory_limit.unwrap_or(budget::DEFAULT_LIMIT_BYTES)
    }

    /// What is said here comes before the environment, which comes before what is known anyway.
    fn resource(&self, settings: &env::Settings) -> Resource {
        let mut code = self.resource.clone();
        if let Some(name) = &self.service_name {
            code.push(KeyValue::new("service.name", name.as_str()));
        }
        Resource::new(
            &code,
            settings.service_name.as_deref(),
            &settings.resource_attributes,
        )
    }

    fn exporters(
        &mut self,
        settings: &env::Settings,
        resource: &Resource,
    ) -> Result<Exporters, InitError> {
        let mut exporters = Exporters::default();
        if self.discarding {
            exporters.watching.push(Box::new(Discard));
        }
        #[cfg(feature = "console")]
        if let Some(console) = self.console.take() {
            exporters
                .watching
                .push(Box::new(ConsoleExporter::new(console)));
        }
        #[cfg(feature = "otlp")]
        if let Some(endpoint) = self.otlp.take() {
            let watched = !exporters.watching.is_empty();
            exporters.settling = Some(Box::new(self.otlp_exporter(
                endpoint.as_deref(),
                settings,
                resource,
                watched,
            )?));
        }
        let _ = (settings, resource);
        Ok(exporters)
    }

    #[cfg(feature = "otlp")]
    fn otlp_exporter(
        &self,
        endpoint: Option<&str>,
        settings: &env::Settings,
        resource: &Resource,
        spans_go_elsewhere: bool,
    ) -> Result<OtlpExporter, InitError> {
        let mut otlp = settings.otlp.clone();
        if let Some(url) = endpoint {
            otlp.send_to("with_otlp_endpoint", url);
        }
        let surroundings = Surroundings {
            resource,
            account: &GLOBAL.account,
            byte_budget: self.memory_limit() / 4,
            metrics: Some(Box::new(metrics::snapshot)),
            spans_go_elsewhere,
        };
        OtlpExporter::new(&otlp, surroundings).map_err(setting)
    }
}

#[cfg(any(feature = "prometheus", feature = "otlp"))]
fn setting(error: crate::export::SetupError) -> InitError {
    InitError::Setting {
        setting: error.setting,
        value: error.value,
        problem: error.problem,
    }
}

/// The application's log may not exist yet, so warnings about its environment go to standard error.
fn warn(warning: &env::Warning) {
    // Not `eprintln!`, which panics where nobody reads standard error any more.
    let _ = writeln!(std::io::stderr(), "tracer: {warning}");
}
