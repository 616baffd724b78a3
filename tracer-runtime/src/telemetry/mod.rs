//! Starting and stopping.

pub(crate) mod env;
