//! Starting and stopping.

pub(crate) mod builder;
pub(crate) mod env;
pub(crate) mod error;
pub(crate) mod guard;
