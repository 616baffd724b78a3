//! Without the feature `tracing` there is no subscriber.

/// No span of a subscriber's.
#[derive(Debug)]
pub(crate) enum Opened {}
