//! The attribute of `tracing`.

pub(crate) use tracing::instrument;

#[path = "cases/mod.rs"]
pub(crate) mod cases;
