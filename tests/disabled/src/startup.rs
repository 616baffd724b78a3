//! Starting and stopping.

use std::net::SocketAddr;
use std::time::Duration;

use opentelemetry_sdk::trace::InMemorySpanExporter;
use tracer_runtime::propagation::Propagator;
use tracer_runtime::{
    Builder, Console, FilterError, InitError, Keep, OtelContext, Sampler, Telemetry, TelemetryError,
};

/// Everything that can be asked for.
pub fn described() -> Builder {
    tracer_runtime::builder()
        .with_service_name("shop")
        .with_resource_attribute("deployment.environment.name", "test")
        .with_sampler(Sampler::ratio(0.5).ignoring_parent())
        .with_keep(Keep::errors().or_slower_than(Duration::from_millis(250)))
        .with_filter("info,shop::db=off,shop::cache=off/metrics=off")
        .with_memory_limit(64 << 20)
        .with_propagators([Propagator::TraceContext, Propagator::Baggage])
        .with_prometheus("127.0.0.1:0")
        .with_prometheus_path("/internal/metrics")
        .with_console()
        .with_console_to(
            Console::stderr()
                .only(Keep::nothing().or_cancelled())
                .at_most(1),
        )
}

/// Also to an exporter of the SDK, and nothing for code that reads its contexts.
pub fn with_opentelemetry(exporter: InMemorySpanExporter) -> Builder {
    described()
        .with_span_exporter(exporter)
        .with_otel_context(OtelContext::default())
        .with_otel_context(OtelContext::Off)
        .without_otel_provider()
}

/// Also to a collector.
pub fn exported(url: &str) -> Builder {
    described()
        .with_otlp()
        .with_otlp_endpoint(url)
        .with_otlp_logs()
}

/// Starts, says where the metrics are, stops.
///
/// # Errors
///
/// When telemetry does not start or stop.
pub fn run(builder: Builder) -> Result<Option<SocketAddr>, Box<dyn std::error::Error>> {
    let started: Result<Telemetry, InitError> = builder.init();
    let telemetry = started?;
    let address = telemetry.prometheus_addr();
    let filtered: Result<(), FilterError> = telemetry.set_filter("shop::db=off");
    filtered.map_err(|error| error.directive().to_owned())?;
    crate::functions::plain();
    let flushed: Result<(), TelemetryError> = telemetry.flush(Duration::from_secs(5));
    flushed?;
    telemetry.shutdown(Duration::from_secs(5))?;
    Ok(address)
}

/// Starts by what the environment says.
///
/// # Errors
///
/// As `tracer_runtime::init`.
pub fn by_environment() -> Result<Telemetry, InitError> {
    tracer_runtime::init()
}
