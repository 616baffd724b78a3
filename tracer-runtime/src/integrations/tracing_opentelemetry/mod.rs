//! Beside an `OpenTelemetryLayer` of `tracing-opentelemetry` 0.34.
//!
//! Where such a layer is in the subscriber, it exports the spans of annotated functions like all others that it sees. With
//! the feature `tracing-opentelemetry` they have its ids, everywhere: [`current_ids`](crate::current_ids),
//! call trees, captures, exemplars, calls between services and what is written to the next service say the trace and the
//! span that the layer exports, and whether that is sampled. There is nothing to call.
//!
//! ```
//! use opentelemetry::trace::TracerProvider as _;
//! use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
//! use tracer_runtime::{current_ids, traced};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! #[traced]
//! fn handle() -> Option<String> {
//!     current_ids().map(|ids| ids.span_id.to_string())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let exporter = InMemorySpanExporter::default();
//! let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
//! let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
//! tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
//!
//! let telemetry = tracer_runtime::builder().init()?;
//! let ours = handle();
//! let exported = &exporter.get_finished_spans()?[0];
//! assert_eq!(ours, Some(exported.span_context.span_id().to_string()));
//! # drop(telemetry);
//! # Ok(())
//! # }
//! ```
//!
//! - A caller in another service, and a context that was taken to another task or thread, become the parent of the
//!   layer's span.
//! - What is recorded beside the declared fields reaches the layer's span at its end: attributes, events, links, why it
//!   failed, what is known of a call between services. The kind reaches it as the field `otel.kind`.
//! - A call that has spawned a task is exported when it ends, not when the task does.
//! - `OpenTelemetrySpanExt` works on `tracing::Span::current()`. `set_parent` does as far as it does anywhere: a span that
//!   has been entered keeps its parent, so say `parent = …` or let a caller be extracted.
//! - [`Builder::init`](crate::Builder::init) returns an `Err` where it would export spans too, and leaves the global
//!   tracer provider and the contexts of `opentelemetry` to the layer. It can only know a layer that is installed by then
//!   and that can be asked.
//!
//! Spans of other crates that [`tracing_layer`](crate::tracing_layer) brings into our trees have ids of their own there, and
//! so have the calls of a trace that begins with one: leave that layer out where those ids matter.
//!
//! Spans have ids of their own where no layer can give them: functions that a filter keeps from the layer (their children
//! in the exported trace name them as their parent, and an exemplar may name them in a trace that lacks them), a span for which the layer begins another trace than its parent
//! here has, and everything while a subscriber is not there. A layer inside of `tracing_subscriber::reload` cannot be found
//! by `init`, and with `with_context_activation(false)` inside of one it is not seen at all. One that is taken away while
//! spans are entered leaves their contexts attached to the thread; calls that begin there later are roots all the same.

mod api;
mod entered;
mod held;
mod installed;
mod parent;
mod told;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(crate) use entered::{enter, enter_again};
pub(crate) use held::outlives_its_call;
pub(crate) use installed::is_installed;
pub(crate) use parent::{Hung, Parent};
pub(crate) use told::tell;

static SEEN: AtomicBool = AtomicBool::new(false);

/// Whether there was ever such a layer.
#[inline]
pub(crate) fn has_been_seen() -> bool {
    SEEN.load(Relaxed)
}

/// There is such a layer: its contexts tell us what is current.
pub(crate) fn seen() {
    if !has_been_seen() {
        super::opentelemetry::observe();
        SEEN.store(true, Relaxed);
    }
}
