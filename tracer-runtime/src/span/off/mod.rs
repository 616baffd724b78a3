//! Spans without the feature `enable`: the same names, and nothing behind them.
//!
//! The expansion of `#[traced]` compiles against them too: where a build script turns the macro on, it is on for the
//! whole build, whatever the features of the runtime.

pub(crate) mod baggage;
pub(crate) mod context;
pub(crate) mod future;
pub(crate) mod guard;
pub(crate) mod inside;
pub(crate) mod named;
pub(crate) mod start;
pub(crate) mod task;
