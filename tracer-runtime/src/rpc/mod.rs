//! Calls between services: what is known about them, their lifecycle, and who is told.
//!
//! [`RpcCall`] is one call; the layers and `#[traced(server)]`, `#[traced(client)]` drive one for you. [`RpcInfo`] is what
//! is known about it, [`RpcStats`] what has become of it, [`Tracer`] is told of its start and its finish.
//!
//! Which events are noted depends on who sees them:
//!
//! | events | noted by |
//! |---|---|
//! | [`RPC_START`], [`RPC_FINISH`] | every call |
//! | [`SERVER_HANDLE_START`], [`SERVER_HANDLE_FINISH`] | the server layer and `#[traced(server)]`, around the handler |
//! | [`READ_START`], [`READ_FINISH`], [`WRITE_START`], [`WRITE_FINISH`] | the layers: from the first to the last frame of a body |
//! | [`STREAM_START`], [`STREAM_RECV_HEADER`], [`STREAM_RECV`], [`STREAM_SEND`], [`STREAM_FINISH`] | the layers, for gRPC |
//! | [`CLIENT_CONN_START`], [`CLIENT_CONN_FINISH`], `WAIT_READ_*`, `CHECKSUM_*` | nobody here: HTTP clients hide them; protocols of your own note them |
//!
//! What cannot be seen is absent.

#[cfg(feature = "enable")]
pub(crate) mod attributes;
#[cfg(feature = "enable")]
mod call;
#[cfg(feature = "enable")]
mod current;
mod event;
#[cfg(feature = "enable")]
#[doc(hidden)]
pub mod identity;
#[cfg(feature = "enable")]
mod info;
#[cfg(feature = "enable")]
mod installed;
#[cfg(feature = "enable")]
mod isolation;
#[cfg(all(feature = "enable", feature = "metrics"))]
pub(crate) mod metrics;
#[cfg(all(feature = "enable", not(feature = "metrics")))]
#[path = "metrics/off.rs"]
pub(crate) mod metrics;
#[cfg(not(feature = "enable"))]
mod off;
#[cfg(feature = "enable")]
mod sites;
#[cfg(feature = "enable")]
mod stats;
mod status;
mod stream;
#[cfg(feature = "enable")]
#[doc(hidden)]
pub mod traced;
mod tracer;
#[cfg(feature = "enable")]
pub(crate) mod tracers;

#[cfg(all(test, feature = "enable", feature = "testing"))]
mod tests;

#[cfg(all(not(feature = "enable"), feature = "metrics"))]
use off::metrics;
#[cfg(not(feature = "enable"))]
use off::{call, info, stats};

pub use call::RpcCall;
pub use event::*;
pub use info::{Endpoint, Invocation, RpcConfig, RpcInfo, RpcPlan};
#[cfg(feature = "enable")]
pub(crate) use installed::{Installed, install, installed};
#[cfg(feature = "metrics")]
pub use metrics::{KitexMetrics, KratosMetrics, kitex_metrics, kratos_metrics};
pub use stats::RpcStats;
pub use status::{BizStatus, RpcStatus};
pub use stream::{StreamEvent, StreamEventKind, StreamingMode};
pub use tracer::Tracer;
