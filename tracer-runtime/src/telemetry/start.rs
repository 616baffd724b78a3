//! The start itself: what was said in code, then the environment, then what holds anyway.

use std::io::Write as _;

use super::builder::Builder;
use super::env;
use super::error::InitError;
use super::guard::Telemetry;
use crate::clock;
#[cfg(feature = "console")]
use crate::export::console::{Console, ConsoleExporter};
use crate::export::discard::Discard;
#[cfg(feature = "otlp")]
use crate::export::logs;
#[cfg(feature = "otlp")]
use crate::export::otlp::{OtlpExporter, Surroundings};
use crate::export::resource::Resource;
use crate::filter::{self, Filter};
use crate::metrics;
use crate::mode;
use crate::propagation::{Propagators, propagators};
use crate::recorder::budget;
use crate::recorder::collector::{Collector, Exporters};
use crate::recorder::pipeline::GLOBAL;
use crate::rpc::{self, Installed, StatsLevel};
use crate::sampling::Sampler;
use crate::value::KeyValue;

impl Builder {
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

    pub(super) fn start(mut self) -> Result<Telemetry, InitError> {
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
        let filter = self.filter(&settings)?;
        #[cfg(feature = "metrics")]
        if let Some((value, problem)) = rpc::KitexMetrics::conflict(self.tracers.of_type()) {
            let setting = "with_tracer";
            return Err(InitError::Setting {
                setting,
                value,
                problem,
            });
        }
        #[cfg(feature = "tracing-opentelemetry")]
        let left_to_layer = self.leaves_spans_to_layer(&settings)?;
        #[cfg(not(feature = "tracing-opentelemetry"))]
        let left_to_layer = false;
        clock::scale();
        metrics::prepare();
        let resource = self.resource(&settings);
        #[cfg(feature = "otlp")]
        let logs_on = self.otlp.is_some() && self.sends_logs(&settings);
        let exporters = self.exporters(&settings, &resource, left_to_layer)?;
        #[cfg(feature = "prometheus")]
        let path = self.prometheus_path()?;
        #[cfg(feature = "prometheus")]
        let prometheus = self
            .prometheus
            .as_deref()
            .map(|address| metrics::server::serve(address, path, "with_prometheus"));
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
        propagators::choose(
            self.propagators.take().or(named),
            resource.service_name(),
            resource.service_namespace(),
            resource.deployment_environment(),
        );
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
        if self.panic_stacks {
            rpc::panics::watch();
        }
        filter::set(filter);
        GLOBAL.policy.set(
            self.sampler.or(from_environment).unwrap_or_default(),
            self.keep,
        );
        #[cfg(feature = "opentelemetry")]
        match left_to_layer {
            true => self.otel.leave_to_layer(),
            false => self.otel.install(),
        }
        #[cfg(feature = "otlp")]
        logs::SINK.set(logs_on);
        mode::set(mode::INITIALISED);
        Ok(Telemetry {
            collector: Some(collector),
            #[cfg(feature = "prometheus")]
            prometheus,
        })
    }

    fn filter(&self, settings: &env::Settings) -> Result<Filter, InitError> {
        let Some(text) = &self.filter else {
            return Ok(settings.filter.clone().unwrap_or_default());
        };
        Filter::parse(text).map_err(|error| InitError::Setting {
            setting: "with_filter",
            value: text.clone(),
            problem: error.to_string(),
        })
    }

    /// Where its own server has the metrics.
    #[cfg(feature = "prometheus")]
    fn prometheus_path(&self) -> Result<&str, InitError> {
        let Some(path) = self.prometheus_path.as_deref() else {
            return Ok(metrics::server::PATH);
        };
        let parsed = path.parse::<http::uri::PathAndQuery>();
        match parsed.is_ok_and(|parsed| parsed.path() == path && path.starts_with('/')) {
            true => Ok(path),
            false => Err(InitError::Setting {
                setting: "with_prometheus_path",
                value: path.to_owned(),
                problem: "expected a path, such as `/metrics`".to_owned(),
            }),
        }
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
        left_to_layer: bool,
    ) -> Result<Exporters, InitError> {
        let mut exporters = Exporters {
            exemplars: settings.exemplars,
            ..Exporters::default()
        };
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
            let watched = left_to_layer || !exporters.watching.is_empty();
            #[cfg(feature = "opentelemetry")]
            let watched = watched || self.otel.has_exporters();
            exporters.settling = Some(Box::new(self.otlp_exporter(
                endpoint.as_deref(),
                settings,
                resource,
                watched,
            )?));
        }
        #[cfg(feature = "opentelemetry")]
        self.otel
            .add_exporters(&mut exporters, resource, settings.limits)
            .map_err(InitError::Thread)?;
        let _ = (settings, resource, left_to_layer);
        Ok(exporters)
    }

    #[cfg(feature = "otlp")]
    fn sends_logs(&self, settings: &env::Settings) -> bool {
        match settings.logs_exporter {
            // What is said in code comes first.
            _ if self.otlp_logs => true,
            Some(exporter) => exporter == env::ExporterSetting::Otlp,
            None => false,
        }
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
        let logs = self.sends_logs(settings).then_some(&logs::SINK);
        let surroundings = Surroundings {
            logs,
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
