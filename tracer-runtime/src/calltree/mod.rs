//! Traces as trees of text.

pub(crate) mod plain;
