//! What users hang into the lifecycle of every call.

use super::info::RpcInfo;
use super::stream::StreamEvent;

/// Is told of every call, its start and its finish.
///
/// Any number of them can be installed, with [`Builder::with_tracer`](crate::Builder::with_tracer). They start in that
/// order and finish in reverse. One that panics is reported on standard error once a minute and counted in
/// `tracer_callback_panics_total`; neither the call nor the others notice. They run on the thread of the call: what one
/// takes the call pays, and `tracer_callback_duration_seconds` shows.
///
/// ```
/// use std::time::Instant;
/// use tracer_runtime::rpc::{RpcInfo, Tracer};
///
/// struct Slow;
///
/// impl Tracer for Slow {
///     type State = Instant;
///
///     fn start(&self, _rpc: &RpcInfo) -> Instant {
///         Instant::now()
///     }
///
///     fn finish(&self, rpc: &RpcInfo, start: Instant) {
///         if start.elapsed().as_millis() > 250 {
///             eprintln!("{} was slow", rpc.invocation().full_method());
///         }
///     }
/// }
/// ```
pub trait Tracer: Send + Sync + 'static {
    /// What `start` hands to `finish` of the same call.
    type State: Send + 'static;

    /// A call begins. Its span is current.
    fn start(&self, rpc: &RpcInfo) -> Self::State;

    /// The call is over, however it ended. Not called where `start` has panicked.
    fn finish(&self, rpc: &RpcInfo, state: Self::State);

    /// Something happened on the stream of a call that is under way.
    fn stream_event(&self, rpc: &RpcInfo, event: &StreamEvent) {
        let _ = (rpc, event);
    }
}
