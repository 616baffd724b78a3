//! What the environment says.
//!
//! Nothing here is an error: a value that makes no sense is warned about, with the variable, the value and what is
//! expected, and the default is used. An empty variable is an unset one.
//!
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>

#[cfg(feature = "otlp")]
mod otlp;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use parse::{Lookup, parse_pairs};

use crate::export::limits::Limits;
#[cfg(feature = "otlp")]
use crate::export::otlp::OtlpSettings;
use crate::filter::Filter;
use crate::propagation::Propagator;

/// The whole of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// `OTEL_SDK_DISABLED`.
    pub(crate) disabled: bool,
    /// `OTEL_SERVICE_NAME`.
    pub(crate) service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES`, decoded.
    pub(crate) resource_attributes: Vec<(String, String)>,
    /// `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    pub(crate) sampler: Option<SamplerSetting>,
    /// `OTEL_PROPAGATORS`.
    pub(crate) propagators: Option<Vec<Propagator>>,
    /// `TRACER_FILTER`.
    pub(crate) filter: Option<Filter>,
    /// `OTEL_TRACES_EXPORTER`.
    pub(crate) traces_exporter: Option<ExporterSetting>,
    /// `OTEL_METRICS_EXPORTER`.
    pub(crate) metrics_exporter: Option<ExporterSetting>,
    /// `OTEL_LOGS_EXPORTER`.
    pub(crate) logs_exporter: Option<ExporterSetting>,
    /// `OTEL_EXPORTER_PROMETHEUS_HOST` and `_PORT`.
    pub(crate) prometheus: PrometheusSetting,
    /// `OTEL_METRICS_EXEMPLAR_FILTER`: histograms refer to kept traces.
    pub(crate) exemplars: bool,
    /// `OTEL_SEMCONV_STABILITY_OPT_IN` has `rpc/dup`: the old durations of calls as well.
    pub(crate) old_rpc_durations: bool,
    /// `OTEL_ATTRIBUTE_*`, `OTEL_SPAN_*`, `OTEL_EVENT_*`, `OTEL_LINK_*`.
    pub(crate) limits: Limits,
    /// `OTEL_EXPORTER_OTLP_*`, `OTEL_BSP_*` and `OTEL_METRIC_EXPORT_*`.
    #[cfg(feature = "otlp")]
    pub(crate) otlp: OtlpSettings,
}

/// Head sampling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SamplerSetting {
    /// Follow the decision of the parent, where there is one.
    pub(crate) parent_based: bool,
    /// The share of roots that are sampled, from 0 to 1.
    pub(crate) ratio: f64,
}

/// Where a signal goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExporterSetting {
    None,
    Otlp,
    Console,
    Prometheus,
}

/// Where the metrics page listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrometheusSetting {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A value that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) variable: &'static str,
    /// Never the value of a header.
    pub(crate) value: String,
    /// What is expected, and what is done instead.
    pub(crate) expected: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            variable,
            value,
            expected,
        } = self;
        write!(f, "{variable}={value:?}: {expected}")
    }
}

/// Reads all variables through `get`.
pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> (Settings, Vec<Warning>) {
    let mut lookup = Lookup::new(&get);
    let limits = limits(&mut lookup);
    let settings = Settings {
        disabled: lookup.flag("OTEL_SDK_DISABLED"),
        service_name: lookup.text("OTEL_SERVICE_NAME"),
        resource_attributes: resource_attributes(&mut lookup),
        sampler: sampler(&mut lookup),
        propagators: propagators(&mut lookup),
        filter: filter(&mut lookup),
        traces_exporter: exporter(
            &mut lookup,
            "OTEL_TRACES_EXPORTER",
            &[
                ("otlp", ExporterSetting::Otlp),
                ("console", ExporterSetting::Console),
                ("none", ExporterSetting::None),
            ],
        ),
        metrics_exporter: exporter(
            &mut lookup,
            "OTEL_METRICS_EXPORTER",
            &[
                ("otlp", ExporterSetting::Otlp),
                ("prometheus", ExporterSetting::Prometheus),
                ("none", ExporterSetting::None),
            ],
        ),
        logs_exporter: exporter(
            &mut lookup,
            "OTEL_LOGS_EXPORTER",
            &[
                ("otlp", ExporterSetting::Otlp),
                ("none", ExporterSetting::None),
            ],
        ),
        prometheus: PrometheusSetting {
            host: lookup
                .text("OTEL_EXPORTER_PROMETHEUS_HOST")
                .unwrap_or_else(|| "localhost".to_owned()),
            port: lookup.port("OTEL_EXPORTER_PROMETHEUS_PORT", 9464),
        },
        exemplars: exemplars(&mut lookup),
        old_rpc_durations: lookup.has("OTEL_SEMCONV_STABILITY_OPT_IN", "rpc/dup"),
        limits,
        #[cfg(feature = "otlp")]
        otlp: otlp::read(&mut lookup, limits),
    };
    #[cfg(feature = "otlp")]
    let settings = settings.without_signals_that_go_elsewhere();
    (settings, lookup.warnings)
}

#[cfg(feature = "otlp")]
impl Settings {
    fn without_signals_that_go_elsewhere(mut self) -> Self {
        let elsewhere = |exporter: Option<ExporterSetting>| {
            exporter.is_some_and(|e| e != ExporterSetting::Otlp)
        };
        if elsewhere(self.traces_exporter) {
            self.otlp.traces = None;
        }
        if elsewhere(self.metrics_exporter) {
            self.otlp.metrics = None;
        }
        self
    }
}

/// What concerns spans alone comes before what concerns all attributes.
fn limits(lookup: &mut Lookup<'_>) -> Limits {
    let any_length = lookup.count("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT");
    let any_count = lookup.count("OTEL_ATTRIBUTE_COUNT_LIMIT");
    let default = Limits::default();
    let mut count = |variable, fallback: usize| lookup.count(variable).unwrap_or(fallback);
    Limits {
        attributes: count(
            "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
            any_count.unwrap_or(default.attributes),
        ),
        events: count("OTEL_SPAN_EVENT_COUNT_LIMIT", default.events),
        links: count("OTEL_SPAN_LINK_COUNT_LIMIT", default.links),
        event_attributes: count(
            "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
            any_count.unwrap_or(default.event_attributes),
        ),
        link_attributes: count(
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
            any_count.unwrap_or(default.link_attributes),
        ),
        value_length: lookup
            .count("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")
            .or(any_length),
    }
}

/// All of it or nothing: half of a list would say something that nobody meant.
fn resource_attributes(lookup: &mut Lookup<'_>) -> Vec<(String, String)> {
    const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let Some(value) = lookup.text(VARIABLE) else {
        return Vec::new();
    };
    match parse_pairs(&value) {
        Ok(pairs) => pairs,
        Err(part) => {
            let expected = format!(
                "expected key=value,key=value with percent-encoded values; {part:?} is not; all of it is ignored"
            );
            lookup.warn(VARIABLE, value, expected);
            Vec::new()
        }
    }
}

/// Half of a filter would hide what nobody meant to hide.
fn filter(lookup: &mut Lookup<'_>) -> Option<Filter> {
    const VARIABLE: &str = "TRACER_FILTER";
    let value = lookup.text(VARIABLE)?;
    match Filter::parse(&value) {
        Ok(filter) => Some(filter),
        Err(error) => {
            let expected =
                format!("expected TARGET=LEVEL,TARGET=LEVEL; {error}; all of it is ignored");
            lookup.warn(VARIABLE, value, expected);
            None
        }
    }
}

fn sampler(lookup: &mut Lookup<'_>) -> Option<SamplerSetting> {
    const VARIABLE: &str = "OTEL_TRACES_SAMPLER";
    const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
    let name = lookup.text(VARIABLE)?;
    let (parent_based, kind) = match name.strip_prefix("parentbased_") {
        Some(kind) => (true, kind),
        None => (false, name.as_str()),
    };
    let ratio = match kind {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => lookup.ratio(ARGUMENT, 1.0),
        _ => {
            let expected = "expected always_on, always_off or traceidratio, or one of them after parentbased_; \
                            parentbased_always_on is used";
            lookup.warn(VARIABLE, name, expected.to_owned());
            return None;
        }
    };
    Some(SamplerSetting {
        parent_based,
        ratio,
    })
}

/// A trace that was not kept cannot be referred to, so nothing is more than `trace_based`.
fn exemplars(lookup: &mut Lookup<'_>) -> bool {
    const VARIABLE: &str = "OTEL_METRICS_EXEMPLAR_FILTER";
    let Some(value) = lookup.text(VARIABLE) else {
        return true;
    };
    if !["trace_based", "always_off"].contains(&value.as_str()) {
        let expected = "expected trace_based or always_off: exemplars name traces that are kept, and no others; \
                        trace_based is used";
        lookup.warn(VARIABLE, value.clone(), expected.to_owned());
    }
    value != "always_off"
}

/// Each once, in their order; what is unknown is left out.
fn propagators(lookup: &mut Lookup<'_>) -> Option<Vec<Propagator>> {
    const VARIABLE: &str = "OTEL_PROPAGATORS";
    let value = lookup.text(VARIABLE)?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let names = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    for name in names {
        match Propagator::from_name(name) {
            Some(propagator) if known.contains(&propagator) => {}
            Some(propagator) => known.push(propagator),
            None if name == "none" => {}
            None => unknown.push(name),
        }
    }
    if !unknown.is_empty() {
        let expected = format!(
            "expected {} or none; {} is left out",
            Propagator::names().collect::<Vec<_>>().join(", "),
            unknown.join(", ")
        );
        lookup.warn(VARIABLE, value.clone(), expected);
    }
    let says_none = value.split(',').any(|name| name.trim() == "none");
    // Where nothing is left by mistake, the default is better than no context at all.
    (says_none || !known.is_empty()).then_some(known)
}

fn exporter(
    lookup: &mut Lookup<'_>,
    variable: &'static str,
    known: &[(&str, ExporterSetting)],
) -> Option<ExporterSetting> {
    let value = lookup.text(variable)?;
    let found = known.iter().find(|(name, _)| *name == value);
    if found.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let expected = format!("expected one of {}; it is ignored", names.join(", "));
        lookup.warn(variable, value, expected);
    }
    found.map(|(_, setting)| *setting)
}
