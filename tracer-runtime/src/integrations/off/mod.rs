//! The same names without `enable`: layers that are not there.

#[cfg(feature = "reqwest")]
pub mod reqwest;
pub mod tower;
