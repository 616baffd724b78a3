//! With every layer at once nothing is recorded twice.

use opentelemetry::trace::noop::NoopTracer;
use tracer_runtime::{TraceContextFormat, testing, traced};
use tracing::{info, info_span, instrument};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

#[traced]
fn ours() {
    theirs();
    info!("in ours");
}

#[instrument]
fn theirs() {
    info!("in theirs");
    innermost();
}

#[traced]
fn innermost() {}

#[test]
fn each_span_and_event_is_there_once() {
    let lines = fmt::layer()
        .with_writer(std::io::sink)
        .map_event_format(TraceContextFormat::text);
    let subscriber = tracing_subscriber::registry()
        .with(lines.with_filter(EnvFilter::new("info")))
        .with(tracing_opentelemetry::layer().with_tracer(NoopTracer::new()))
        .with(tracer_runtime::tracing_layer());
    let capture = testing::capture();
    tracing::subscriber::with_default(subscriber, || {
        info_span!("root").in_scope(ours);
    });
    let tree = capture.tree().replace(module_path!(), "here");
    let expected = "\
root [ok]
  ours [ok]
    theirs [ok]
      * in theirs {level=\"INFO\", target=\"here\"}
      innermost [ok]
    * in ours {level=\"INFO\", target=\"here\"}
";
    assert_eq!(tree, expected);
}
