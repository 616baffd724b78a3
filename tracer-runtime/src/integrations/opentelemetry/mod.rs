//! The API of `opentelemetry` over our recorder: what crates record that know only that API lands in the same traces.
//!
//! [`Builder::init`](crate::Builder::init) makes [`TracerProvider`] the global one, unless it is told not to
//! ([`without_otel_provider`](crate::Builder::without_otel_provider)). From then on
//!
//! - a span that such a crate starts is a child of the span that its `Context` names, and where that names none, or names
//!   one that the innermost annotated call is inside of, a child of that call;
//! - an annotated call is a child of the span whose `Context` is attached where it begins, `remote` ones included;
//! - the name of the tracer is the target of its spans in [filters](crate::Builder::with_filter).
//!
//! ```
//! use opentelemetry::KeyValue;
//! use opentelemetry::trace::{Tracer as _, TracerProvider as _};
//! use tracer_runtime::integrations::opentelemetry::TracerProvider;
//! use tracer_runtime::{testing, traced};
//!
//! #[traced]
//! fn handle() {
//!     // As a crate does that knows nothing of us; it would ask `opentelemetry::global` for the tracer.
//!     let tracer = TracerProvider::new().tracer("some-client");
//!     tracer.in_span("query", |_cx| decode());
//! }
//!
//! #[traced]
//! fn decode() {}
//!
//! let capture = testing::capture();
//! handle();
//! assert_eq!(capture.tree(), "handle [ok]\n  query [ok]\n    decode [ok]\n");
//! ```
//!
//! What differs from the SDK: a span whose trace is not head-sampled is recorded all the same, as it may be kept at its
//! end (`is_recording` is true, the flag `sampled` is not set); a tracer that was taken from `opentelemetry::global` before
//! `init` stays the one of before; a span is a root only where nothing of ours is current.
//!
//! Annotated calls see attached contexts through `opentelemetry`'s context observer, of which a process has one: where
//! somebody else has set theirs first, the calls stay below the annotated call around them.

mod attached;
mod contexts;
mod convert;
mod provider;
mod recording;
mod said;
mod scope;
mod span;
mod start;
#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests;
mod told;

#[cfg(feature = "tracing-opentelemetry")]
pub(crate) use attached::{is_quiet, quietly};
pub use contexts::OtelContext;
#[cfg(feature = "tracing-opentelemetry")]
pub(crate) use contexts::can_ask;
pub(crate) use contexts::{entered, has_contexts, leaving, renamed, set as set_contexts};
pub(crate) use convert::{flags, key_value, kind, link, span_id, system_time, trace_id};
#[cfg(feature = "tracing-opentelemetry")]
pub(crate) use convert::{span_of, trace_of};
pub use provider::{Tracer, TracerProvider};
pub(crate) use provider::{install, observe};
pub(crate) use said::{Said, Short};
pub use span::Span;
