//! Context between services.
//!
//! [`Extract`] and [`Inject`] say how headers are read and written; maps of strings, and the types of `http` and `tonic`
//! behind the features `tower` and `tonic`, know it already. [`extract`] and [`inject`] use the formats of the process,
//! W3C trace context and baggage unless [`Builder::with_propagators`](crate::Builder::with_propagators) or
//! `OTEL_PROPAGATORS` says otherwise; [`Propagators`] uses any others.
//!
//! The random flag of `traceparent` is passed on as it came, in `traceresponse` too. A trace that begins here does not
//! have it, though its id is random: OpenTelemetry for Go before 1.44 ignores a whole `traceparent` whose flags are `03`.
//!
//! Header values are read up to the limits of their formats. What is longer, malformed or not text is left out and
//! counted.

#[cfg(feature = "enable")]
mod b3;
#[cfg(feature = "enable")]
mod baggage_header;
mod carrier;
#[cfg(any(feature = "tower", feature = "tonic"))]
mod carrier_http;
#[cfg(feature = "enable")]
pub(crate) mod errors;
#[cfg(feature = "enable")]
mod found;
#[cfg(feature = "enable")]
mod hex;
#[cfg(feature = "enable")]
mod jaeger;
#[cfg(feature = "enable")]
mod joined;
#[cfg(feature = "enable")]
mod kitex;
#[cfg(feature = "enable")]
mod kitex_otel;
#[cfg(feature = "enable")]
mod kratos;
#[cfg(feature = "enable")]
mod members;
#[cfg(not(feature = "enable"))]
mod off;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
#[cfg(feature = "enable")]
mod outgoing;
#[cfg(feature = "enable")]
mod percent;
#[doc(hidden)]
pub mod probe;
mod propagator;
#[cfg(feature = "enable")]
pub(crate) mod propagators;
#[cfg(all(feature = "enable", feature = "tower"))]
mod request;
#[cfg(all(feature = "enable", any(feature = "tower", feature = "tonic")))]
mod stored;
#[cfg(all(test, feature = "enable"))]
mod tests;
#[cfg(feature = "enable")]
pub(crate) mod traceparent;
#[cfg(feature = "enable")]
mod tracestate;
#[cfg(feature = "enable")]
mod w3c;

pub use carrier::{Extract, Inject};
#[cfg(not(feature = "enable"))]
pub use off::{Propagators, extract, inject};
#[cfg(feature = "opentelemetry")]
pub use opentelemetry::TextMap;
pub use propagator::Propagator;
#[cfg(feature = "enable")]
pub use propagators::{Propagators, extract, inject};
#[cfg(all(feature = "enable", feature = "tower"))]
pub(crate) use request::{extract_alone, inject_request};
