//! Ours.

pub(crate) use tracer_runtime::instrument;

#[path = "cases/mod.rs"]
pub(crate) mod cases;
