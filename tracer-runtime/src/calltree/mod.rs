//! Traces as trees of text.

#[cfg(feature = "console")]
pub(crate) mod build;
#[cfg(feature = "testing")]
pub(crate) mod plain;
#[cfg(feature = "console")]
pub(crate) mod render;
#[cfg(feature = "console")]
pub(crate) mod text;
