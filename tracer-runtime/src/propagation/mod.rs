//! Context between services.

mod carrier;
#[cfg(not(feature = "enable"))]
mod off;
#[doc(hidden)]
pub mod probe;
#[cfg(feature = "enable")]
pub(crate) mod traceparent;
#[cfg(feature = "enable")]
mod tracestate;
#[cfg(feature = "enable")]
mod w3c;

pub use carrier::{Extract, Inject};
#[cfg(not(feature = "enable"))]
pub use off::{extract, inject};
#[cfg(feature = "enable")]
pub use w3c::{extract, inject};
