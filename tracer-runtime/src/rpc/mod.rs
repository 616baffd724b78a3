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
//!
//! # Metrics
//!
//! Every call is counted when it ends, whatever the sampler decides and however it ends (feature `metrics`):
//!
//! | metric | attributes |
//! |---|---|
//! | `rpc.server.call.duration`, `rpc.client.call.duration` | `rpc.system.name`, `rpc.method`, `rpc.response.status_code`, `error.type`, `server.*` of a client, `service.peer.*` |
//! | `rpc.server.duration`, `rpc.client.duration`, in milliseconds | `rpc.system`, `rpc.service`, `rpc.method`, `rpc.grpc.status_code` |
//! | `tracer.rpc.server.active_calls`, `tracer.rpc.client.active_calls` | `rpc.system.name`, `server.*` of a client |
//! | `tracer.rpc.{server,client}.{sent,received}.{messages,bytes}` | `rpc.system.name`, `rpc.method`, `server.*` of a client, `service.peer.*` |
//! | `http.server.request.duration`, `http.client.request.duration` | `http.request.method`, `http.response.status_code`, `error.type`, `network.protocol.version`, `url.scheme` and `http.route` of a server, `server.*` of a client, `service.peer.*` |
//! | `http.server.active_requests`, `http.client.active_requests` | `http.request.method`, `url.scheme` of a server, `server.*` of a client |
//! | `http.{server,client}.{request,response}.body.size` | as the duration |
//!
//! - Prometheus has underscores for the dots and the unit at the end: `rpc_server_call_duration_seconds`.
//! - A call has RPC metrics or HTTP metrics, not both: gRPC is RPC.
//! - The durations in milliseconds are there where `OTEL_SEMCONV_STABILITY_OPT_IN` has `rpc/dup`, the sizes of bodies
//!   with `with_body_size_metrics`. Active requests are there without being asked for, though the conventions have them
//!   opt-in: what is running now is half of what one wants to know of a service, and costs two additions.
//! - `error.type` is the status where that is an error for this side, `panic`, or what the error says of itself. A
//!   cancelled call has its gRPC status. Elsewhere it has `cancelled`, also where the head of an answer was sent before,
//!   but for an HTTP client that gives up: to the conventions that is no error.
//! - `rpc.method` is `_OTHER` where the service has no such method.
//! - A metric has at most 2,000 series for each side of each protocol. What comes beyond is counted in one that says
//!   `otel.metric.overflow`; texts are cut at 256 bytes. That bounds the memory to a few megabytes.
//!
//! `kitex_metrics` and `kratos_metrics` count under the names of those frameworks as well. What tracers cost and how
//! often they panic is in `tracer_callback_duration_seconds` and `tracer_callback_panics_total`, by type of tracer.

#[cfg(feature = "enable")]
pub(crate) mod attributes;
#[cfg(feature = "enable")]
mod call;
#[cfg(feature = "enable")]
mod current;
#[cfg(feature = "enable")]
mod described;
#[cfg(feature = "enable")]
mod draft;
#[cfg(feature = "enable")]
mod endpoint;
mod event;
#[cfg(feature = "enable")]
mod flat;
#[cfg(feature = "enable")]
#[doc(hidden)]
pub mod identity;
#[cfg(feature = "enable")]
mod info;
#[cfg(feature = "enable")]
mod installed;
#[cfg(feature = "enable")]
mod isolation;
#[cfg(all(feature = "enable", feature = "tower"))]
mod known;
#[cfg(feature = "enable")]
mod late;
#[cfg(all(feature = "enable", feature = "metrics"))]
pub(crate) mod metrics;
#[cfg(all(feature = "enable", not(feature = "metrics")))]
#[path = "metrics/off.rs"]
pub(crate) mod metrics;
#[cfg(feature = "enable")]
mod notes;
#[cfg(not(feature = "enable"))]
mod off;
#[cfg(feature = "enable")]
pub(crate) mod panics;
#[cfg(feature = "enable")]
mod plan;
#[cfg(feature = "enable")]
mod running;
#[cfg(feature = "enable")]
mod sites;
#[cfg(feature = "enable")]
mod stats;
mod status;
mod stream;
#[cfg(all(feature = "enable", feature = "tower"))]
mod texts;
#[cfg(feature = "enable")]
#[doc(hidden)]
pub mod traced;
mod tracer;
#[cfg(feature = "enable")]
pub(crate) mod tracers;
#[cfg(feature = "enable")]
mod within;

#[cfg(all(test, feature = "enable", feature = "testing"))]
mod tests;

#[cfg(all(not(feature = "enable"), feature = "metrics"))]
use off::metrics;
#[cfg(not(feature = "enable"))]
use off::{call, info, stats};
#[cfg(not(feature = "enable"))]
#[doc(hidden)]
pub use off::{identity, traced};

pub use call::RpcCall;
#[cfg(feature = "enable")]
pub(crate) use current::serves;
#[cfg(all(feature = "enable", feature = "tower"))]
pub(crate) use draft::Draft;
#[cfg(feature = "enable")]
pub use endpoint::Endpoint;
pub use event::*;
#[cfg(feature = "enable")]
pub(crate) use flat::Flat;
#[cfg(not(feature = "enable"))]
pub use info::{Endpoint, RpcConfig, RpcPlan};
pub use info::{Invocation, RpcInfo};
#[cfg(all(feature = "enable", feature = "tower"))]
pub(crate) use info::{OTHER, parse_name};
#[cfg(feature = "enable")]
pub(crate) use installed::{Installed, install, installed};
#[cfg(all(feature = "enable", feature = "tower"))]
pub(crate) use known::{Asked, Known};
#[cfg(feature = "metrics")]
pub use metrics::{KitexMetrics, KratosMetrics, kitex_metrics, kratos_metrics};
#[cfg(feature = "enable")]
pub use plan::{RpcConfig, RpcPlan};
#[cfg(all(feature = "enable", feature = "tower"))]
pub(crate) use running::Inside;
pub use stats::RpcStats;
pub use status::{BizStatus, RpcStatus};
pub use stream::{StreamEvent, StreamEventKind, StreamingMode};
#[cfg(all(feature = "enable", feature = "tower"))]
pub(crate) use texts::known_text;
pub use tracer::Tracer;
