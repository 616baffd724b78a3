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
mod info;
#[cfg(feature = "enable")]
mod isolation;
#[cfg(all(feature = "enable", feature = "metrics"))]
pub(crate) mod metrics;
#[cfg(all(feature = "enable", not(feature = "metrics")))]
#[path = "metrics/off.rs"]
mod metrics;
#[cfg(feature = "enable")]
mod sites;
#[cfg(feature = "enable")]
mod stats;
#[cfg(feature = "enable")]
mod status;
#[cfg(feature = "enable")]
mod stream;
#[cfg(feature = "enable")]
pub(crate) mod tracer;

#[cfg(all(test, feature = "testing"))]
mod tests;

use std::sync::OnceLock;

pub use call::RpcCall;
pub use event::*;
use tracer::Tracers;

pub use info::{
    BizStatus, Endpoint, Invocation, RpcConfig, RpcInfo, RpcPlan, RpcStatus, StreamingMode,
};
#[cfg(feature = "metrics")]
pub use metrics::{KitexMetrics, KratosMetrics, kitex_metrics, kratos_metrics};
pub use stats::RpcStats;
pub use stream::{StreamEvent, StreamEventKind};
pub use tracer::Tracer;

/// What `init` has set up for all calls.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) tracers: Tracers,
    pub(crate) level: StatsLevel,
    /// Of this process; empty where nobody said it.
    pub(crate) service_name: String,
}

static INSTALLED: OnceLock<Installed> = OnceLock::new();

/// For calls from now on; once a process.
pub(crate) fn install(installed: Installed) {
    let _ = INSTALLED.set(installed);
}

/// What `init` has set up, or what holds without it.
pub(crate) fn installed() -> &'static Installed {
    static NOTHING: Installed = Installed {
        tracers: Tracers::none(),
        level: StatsLevel::Detailed,
        service_name: String::new(),
    };
    INSTALLED.get().unwrap_or(&NOTHING)
}
