//! The spans of annotated functions, as `tracing` subscribers see them.

mod listener;
mod listing;

pub(crate) use listing::{Listing, may_want};
#[allow(
    unused_imports,
    reason = "for layers of ours, which would see each span twice"
)]
pub(crate) use listing::{is_ours, site_of};
