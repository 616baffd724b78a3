//! The bridges beside the SDK of OpenTelemetry, both exporting every span; and what they cost who does not use them.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use tracer_runtime::__private::{records, set_otel_context};
use tracer_runtime::integrations::opentelemetry::TracerProvider;
use tracer_runtime::{OtelContext, Telemetry};

use crate::measure::Rows;
use crate::{CHILDREN, opentelemetry, others, ours, ratio};

/// Names and values.
pub(crate) type Ratios = Vec<(&'static str, f64)>;

/// Exports what we have kept.
pub(crate) fn flush(telemetry: &Rc<Telemetry>) -> impl FnMut() + 'static {
    let telemetry = telemetry.clone();
    move || telemetry.flush(Duration::from_secs(10)).unwrap()
}

/// Spans of other crates through layers, each in a subscriber of its own.
pub(crate) fn layers(telemetry: &Rc<Telemetry>, per_row: Duration) -> Ratios {
    let (registry, otel) = (others::registry(), others::otel_layer());
    let (layer, kept) = (others::our_layer(), others::our_layer());
    let headers = ours::sampled_headers();
    let mut rows = Rows::default();
    let in_subscriber = |dispatch: tracing::Dispatch, root: Box<dyn Fn() -> u64>| {
        move || {
            tracing::dispatcher::with_default(&dispatch, || {
                black_box(root());
            });
        }
    };
    let root = || Box::new(|| others::span_root(CHILDREN));
    let registry = in_subscriber(registry, root());
    rows.add(
        "registry",
        "span! with a field, Registry",
        CHILDREN,
        registry,
    );
    let layer = in_subscriber(layer, root());
    rows.add("layer", "the same, tracing_layer", CHILDREN, layer);
    let kept = in_subscriber(kept, Box::new(move || ours::kept_spans(&headers, CHILDREN)));
    let title = "the same, tracing_layer, everything kept";
    rows.add_in_bursts("kept layer", title, CHILDREN, kept, flush(telemetry));
    let otel = in_subscriber(otel, root());
    let title = "the same, tracing-opentelemetry, SDK batch";
    rows.add_in_bursts("otel layer", title, CHILDREN, otel, others::otel_flush);
    let lost = Lost::new();
    rows.measure(per_row);
    lost.print(with_roots(rows.made("otel layer")));
    vec![
        (
            "layer_span/tracing_opentelemetry_span",
            rows.ratio("kept layer", "otel layer"),
        ),
        (
            "layer_span_undecided/tracing_opentelemetry_span",
            rows.ratio("layer", "otel layer"),
        ),
    ]
}

/// The API of OpenTelemetry over our provider and over the SDK's; between the two, when our provider is installed, what that
/// does to those who only ask for our context.
pub(crate) fn apis(telemetry: &Rc<Telemetry>, per_row: Duration) -> Ratios {
    let lost = Lost::new();
    let sdk = opentelemetry::sdk_in_context(per_row);
    let context = context_current(per_row);
    let mut rows = opentelemetry::rows(telemetry, per_row);
    let [cpu, sdk_cpu] = ["api", "sdk"].map(|key| rows.cpu_of_all_threads(key, per_row));
    lost.print(with_roots(sdk.made("sdk in context") + rows.made("sdk")));
    opentelemetry::shown_spans(per_row);
    let in_context = rows.median("api in context") / sdk.median("sdk in context");
    vec![
        ("otel_api_span/otel_sdk_span", rows.ratio("api", "sdk")),
        (
            "otel_api_span_in_context/otel_sdk_span_in_context",
            in_context,
        ),
        (
            "otel_api_span_all_threads/otel_sdk_span_all_threads",
            cpu / sdk_cpu,
        ),
        ("context_current", context),
    ]
}

/// `Context::current()` with the layer in the subscriber, our provider and its observer installed and entry spans shown,
/// by the same without; leaves the observer.
fn context_current(per_row: Duration) -> f64 {
    let row = |title, subscriber: tracing::Dispatch, spans| {
        let mut rows = Rows::default();
        rows.add("context", title, CHILDREN, move || {
            set_otel_context(spans);
            tracing::dispatcher::with_default(&subscriber, || {
                black_box(ours::contexts(CHILDREN));
            });
            set_otel_context(OtelContext::Off);
        });
        rows.measure(per_row);
        rows.by_yardstick("context")
    };
    let title = "Context::current(), under a root";
    let without = row(title, tracing::Dispatch::none(), OtelContext::Off);
    let _ = TracerProvider::new();
    let title = "the same, our layer and provider installed";
    row(title, others::our_layer(), OtelContext::EntrySpans) / without
}

/// What is lost on either side must not be cheaper.
struct Lost {
    ours: u64,
    exported_by_sdk: u64,
}

impl Lost {
    /// What was made before has been exported.
    fn new() -> Self {
        others::otel_flush();
        Self {
            ours: records().dropped,
            exported_by_sdk: others::otel_exported(),
        }
    }

    fn print(&self, made_by_sdk: u64) {
        let exported = others::otel_exported() - self.exported_by_sdk;
        println!(
            "lost: {} spans of ours, {} of {made_by_sdk} of the SDK",
            records().dropped - self.ours,
            made_by_sdk.cast_signed() - exported.cast_signed()
        );
    }
}

const fn with_roots(calls: u64) -> u64 {
    calls / CHILDREN * (CHILDREN + 1)
}

pub(crate) fn print(ratios: &Ratios) {
    for (name, value) in ratios {
        ratio(name, *value);
    }
}
