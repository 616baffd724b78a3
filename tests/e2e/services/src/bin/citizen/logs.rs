//! One subscriber: two logs with the ids of our spans, and the layer that puts everybody's spans into our traces.

use std::io;

use tracer_runtime::{TraceContextFormat, tracing_layer};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The layer takes every level, so that what the exporter's own crates say has its chance to come back.
pub(crate) fn start() {
    let json = fmt::layer()
        .json()
        .flatten_event(true)
        .map_event_format(TraceContextFormat::json);
    let text = fmt::layer()
        .with_ansi(false)
        .with_writer(io::stderr)
        .map_event_format(TraceContextFormat::text);
    tracing_subscriber::registry()
        .with(json.with_filter(LevelFilter::INFO))
        .with(text.with_filter(LevelFilter::INFO))
        .with(tracing_layer())
        .init();
}
