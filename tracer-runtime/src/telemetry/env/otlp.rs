//! `OTEL_EXPORTER_OTLP_*` and what governs batches and pushes.
//!
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>

use std::time::Duration;

use super::parse::{Lookup, parse_pairs};
use crate::export::limits::Limits;
use crate::export::otlp::{
    BatchSettings, Compression, EndpointSetting, Exceptions, Headers, OtlpSettings,
    ReceiverSettings,
};

/// One variable for all signals, and one for this signal, which comes first.
type Pair = [&'static str; 2];

struct Names {
    endpoint: Pair,
    insecure: Pair,
    headers: Pair,
    timeout: Pair,
    protocol: Pair,
    compression: Pair,
}

macro_rules! names {
    ($signal:literal) => {
        Names {
            endpoint: names!($signal, "ENDPOINT"),
            insecure: names!($signal, "INSECURE"),
            headers: names!($signal, "HEADERS"),
            timeout: names!($signal, "TIMEOUT"),
            protocol: names!($signal, "PROTOCOL"),
            compression: names!($signal, "COMPRESSION"),
        }
    };
    ($signal:literal, $what:literal) => {
        [
            concat!("OTEL_EXPORTER_OTLP_", $signal, "_", $what),
            concat!("OTEL_EXPORTER_OTLP_", $what),
        ]
    };
}

/// Variables of the specification for what we cannot do.
const UNSUPPORTED: [(&str, &str); 12] = [
    ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY", TLS),
    ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", TLS),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", TLS),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", TLS),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", TLS),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", TLS),
];
const TLS: &str = "TLS is not built in; it is ignored";

pub(super) fn read(lookup: &mut Lookup<'_>, limits: Limits) -> OtlpSettings {
    warn_of_unsupported(lookup);
    let default = OtlpSettings::default();
    OtlpSettings {
        traces: Some(receiver(lookup, &names!("TRACES"))),
        metrics: Some(receiver(lookup, &names!("METRICS"))),
        logs: Some(receiver(lookup, &names!("LOGS"))),
        log_delay: lookup
            .duration("OTEL_BLRP_SCHEDULE_DELAY")
            .unwrap_or(default.log_delay),
        exceptions: exceptions(lookup),
        batches: batches(lookup),
        limits,
        metric_interval: lookup
            .duration("OTEL_METRIC_EXPORT_INTERVAL")
            .filter(|interval| !interval.is_zero())
            .unwrap_or(default.metric_interval),
        metric_timeout: timeout(lookup, "OTEL_METRIC_EXPORT_TIMEOUT", default.metric_timeout),
    }
}

/// `dup` comes first where both are said.
fn exceptions(lookup: &mut Lookup<'_>) -> Exceptions {
    const VARIABLE: &str = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";
    match (
        lookup.has(VARIABLE, "logs/dup"),
        lookup.has(VARIABLE, "logs"),
    ) {
        (true, _) => Exceptions::Both,
        (false, true) => Exceptions::LogRecords,
        (false, false) => Exceptions::SpanEvents,
    }
}

fn warn_of_unsupported(lookup: &mut Lookup<'_>) {
    for (variable, why) in UNSUPPORTED {
        if let Some(value) = lookup.text(variable) {
            lookup.warn(variable, value, why.to_owned());
        }
    }
    only(
        lookup,
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
        "cumulative",
    );
    only(
        lookup,
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
        "base2_exponential_bucket_histogram",
    );
}

fn only(lookup: &mut Lookup<'_>, variable: &'static str, choice: &str) {
    if let Some(value) = lookup.text(variable)
        && !value.eq_ignore_ascii_case(choice)
    {
        let expected = format!("expected {choice}, the only choice there is; it is used");
        lookup.warn(variable, value, expected);
    }
}

fn batches(lookup: &mut Lookup<'_>) -> BatchSettings {
    let default = BatchSettings::default();
    BatchSettings {
        max_spans: lookup
            .positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")
            .unwrap_or(default.max_spans),
        max_queued: lookup.positive("OTEL_BSP_MAX_QUEUE_SIZE"),
        delay: lookup
            .duration("OTEL_BSP_SCHEDULE_DELAY")
            .unwrap_or(default.delay),
        timeout: timeout(lookup, "OTEL_BSP_EXPORT_TIMEOUT", default.timeout),
        in_flight: lookup
            .positive("OTEL_BSP_MAX_CONCURRENT_EXPORTS")
            .unwrap_or(default.in_flight),
    }
}

/// 0 is for ever.
fn timeout(
    lookup: &mut Lookup<'_>,
    variable: &'static str,
    default: Option<Duration>,
) -> Option<Duration> {
    match lookup.duration(variable) {
        Some(Duration::ZERO) => None,
        Some(timeout) => Some(timeout),
        None => default,
    }
}

/// The variable that is set, the one of the signal first, and its value.
fn first(lookup: &Lookup<'_>, pair: Pair) -> Option<(&'static str, String)> {
    pair.into_iter()
        .find_map(|variable| Some((variable, lookup.text(variable)?)))
}

fn receiver(lookup: &mut Lookup<'_>, names: &Names) -> ReceiverSettings {
    warn_of_http(lookup, names.protocol);
    let default = ReceiverSettings::default();
    let timeout_variable = first(lookup, names.timeout).map(|(variable, _)| variable);
    ReceiverSettings {
        endpoint: endpoint(lookup, names).unwrap_or(default.endpoint),
        headers: headers(lookup, names.headers).unwrap_or(default.headers),
        timeout: match timeout_variable {
            Some(variable) => timeout(lookup, variable, default.timeout),
            None => default.timeout,
        },
        compression: compression(lookup, names.compression),
    }
}

fn warn_of_http(lookup: &mut Lookup<'_>, protocol: Pair) {
    if let Some((variable, value)) = first(lookup, protocol)
        && value != "grpc"
    {
        let expected = "expected grpc, the only protocol there is; it is used, on the port of the endpoint \
                        (most collectors take gRPC on 4317)";
        lookup.warn(variable, value, expected.to_owned());
    }
}

/// A value that is no URL is warned about. `https` is left to the exporter, which refuses it: to fall back would be to
/// send in the clear, or elsewhere.
fn endpoint(lookup: &mut Lookup<'_>, names: &Names) -> Option<EndpointSetting> {
    let (setting, value) = first(lookup, names.endpoint)?;
    let full = if value.contains("://") {
        value.clone()
    } else if insecure(lookup, names.insecure) {
        format!("http://{value}")
    } else {
        // Without a scheme it means TLS, says the specification.
        format!("https://{value}")
    };
    let uri: Option<http::Uri> = full.parse().ok();
    let scheme = uri.as_ref().and_then(http::Uri::scheme_str);
    match scheme {
        Some("http" | "https") => Some(EndpointSetting {
            setting,
            value: full,
        }),
        _ => {
            let expected = "expected a URL such as http://localhost:4317, which is used";
            lookup.warn(setting, value, expected.to_owned());
            None
        }
    }
}

fn insecure(lookup: &mut Lookup<'_>, pair: Pair) -> bool {
    match first(lookup, pair) {
        Some((variable, _)) => lookup.flag(variable),
        None => false,
    }
}

/// The values are secrets: a warning has the name of the header at most.
fn headers(lookup: &mut Lookup<'_>, pair: Pair) -> Option<Headers> {
    let (setting, value) = first(lookup, pair)?;
    match parse_pairs(&value) {
        Ok(pairs) => Some(Headers { setting, pairs }),
        Err(part) => {
            let name = part.split('=').next().unwrap_or_default().to_owned();
            let shown = if part.contains('=') {
                name
            } else {
                String::new()
            };
            let expected =
                "expected key=value,key=value with percent-encoded values; no header is sent";
            lookup.warn(setting, shown, expected.to_owned());
            None
        }
    }
}

fn compression(lookup: &mut Lookup<'_>, pair: Pair) -> Compression {
    let Some((variable, value)) = first(lookup, pair) else {
        return Compression::None;
    };
    match value.as_str() {
        "gzip" => Compression::Gzip,
        "none" => Compression::None,
        _ => {
            let expected = "expected gzip or none; none is used".to_owned();
            lookup.warn(variable, value, expected);
            Compression::None
        }
    }
}
