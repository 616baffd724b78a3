//! What the expansion of the macros names. Not part of the public API.

pub use core;
pub use std::boxed::Box;
pub use std::vec::Vec;

pub use crate::callsite::{Callsite, Level, SpanKind};
pub use crate::propagation::probe as carrier;
pub use crate::record::{CallOutcome, EventKind, Failure};
pub use crate::rpc::identity::{self, Identity};
pub use crate::rpc::traced::{CallGuard, enter_call, traced_call};
pub use crate::span::capture::{Capture, Form, debug, display, put_debug, put_display};
pub use crate::span::describe::{AlwaysOk, Describe};
pub use crate::span::future::{Traced, traced, traced_at, traced_with};
pub use crate::span::guard::{Guard, enter, enter_at};
pub use crate::span::inside::{
    add_event, attribute, put_end, recorded_of, recording, recording_end_of, recording_of,
};
pub use crate::span::judge::ByType;
pub use crate::span::named::Span;
pub use crate::span::probe::{
    Probe, debug_text, display_text, or_other, with_message, without_message,
};
pub use crate::span::probe_return::{
    Never, Once, Returned, any, output, settle_call_future, settle_future, traced_at_by, traced_by,
    traced_call_by,
};
pub use crate::span::start::{Parent, Start};
pub use crate::value::{KeyValue, Value};

/// For `#[instrument]`.
#[cfg(feature = "tracing")]
pub use tracing;
#[cfg(not(feature = "tracing"))]
#[path = "without_tracing.rs"]
pub mod tracing;
#[cfg(not(feature = "tracing"))]
pub use self::tracing::Visible;
#[cfg(feature = "tracing")]
pub use crate::visible::{Visible, is_instrumented};

/// Traits by which the compiler picks what a type can do; nameless, so that they meet no name of the user's.
pub mod by_type {
    pub use crate::span::capture::{
        CaptureDebug as _, CaptureOption as _, CaptureType as _, CaptureValue as _,
    };
    pub use crate::span::judge::{JudgeItself as _, JudgeWhole as _};
    pub use crate::span::probe::{
        ErrorByDebug as _, ErrorByDeref as _, ErrorByDisplay as _, ErrorByError as _,
        ErrorByOutcome as _, ErrorByType as _, StatusByOutcome as _, StatusOk as _, Whole as _,
    };
    pub use crate::span::probe_return::Settle as _;
}

/// Makes the clock read the time stamp counter whatever the kernel says of it. For `benches/instructions.rs`.
#[cfg(feature = "enable")]
pub fn trust_tsc() {
    crate::clock::trust_tsc();
}

/// Counts a call that is over once more, its start and its end. For `benches/instructions.rs`.
#[cfg(feature = "enable")]
pub fn count_again(info: &crate::RpcInfo) {
    crate::rpc::metrics::count_again(info);
}

/// Shows other spans from now on than the builder has said. For `benches/compare.rs`.
#[cfg(all(feature = "enable", feature = "opentelemetry"))]
pub fn set_otel_context(spans: crate::OtelContext) {
    crate::integrations::opentelemetry::set_contexts(spans);
}

/// What became of the process's records so far.
#[cfg(feature = "enable")]
#[derive(Debug, Clone, Copy)]
pub struct Records {
    /// An exporter has taken them.
    pub exported: u64,
    /// Their trace was decided against.
    pub discarded: u64,
    /// Lost, for whatever reason.
    pub dropped: u64,
}

/// Reads the account of the recorder.
#[cfg(feature = "enable")]
#[must_use]
pub fn records() -> Records {
    let totals = crate::recorder::totals();
    Records {
        exported: totals.exported,
        discarded: totals.discarded,
        dropped: totals.dropped.iter().map(|(_, records)| records).sum(),
    }
}
