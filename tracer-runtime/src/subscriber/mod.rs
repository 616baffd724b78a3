//! The spans of annotated functions, as `tracing` subscribers see them.
//!
//! A callsite is put on the list of `tracing`'s callsites at its first call. Whether any subscriber may want its spans is a
//! bit of the word that its calls read anyway, rewritten whenever a subscriber comes or a filter changes. So a call that
//! nobody wants costs what it costs without this module, and one that somebody may want takes the long way, on which the
//! subscriber is asked.
//!
//! Ours begins first and ends last: while a subscriber is told of a span, from `new_span` to `try_close`, that span is the
//! current one of ours too, where it is recorded.

#[cfg(feature = "tracing-opentelemetry")]
mod exported;
#[cfg(not(feature = "tracing-opentelemetry"))]
#[path = "not_exported.rs"]
mod exported;
mod fields;
mod held;
mod listener;
mod listing;
mod opened;
mod parents;

pub(crate) use fields::{after, before, put, record, waits};
pub(crate) use held::Held;
pub(crate) use listener::nobody_records;
pub(crate) use listing::{Listing, NOT_LISTED, heard, is_current, may_want};
#[allow(
    unused_imports,
    reason = "for layers of ours, which would see each span twice"
)]
pub(crate) use listing::{is_ours, site_of};
pub(crate) use opened::{Hang, Opened, has_opened, open};
pub(crate) use parents::note;

use tracing_core::LevelFilter;

/// Whether there is a subscriber that wants anything.
#[inline(always)]
pub(crate) fn is_there() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}
