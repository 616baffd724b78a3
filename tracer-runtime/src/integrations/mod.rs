//! Calls of the frameworks that services are written with.

#[cfg(feature = "tower")]
pub mod tower;
