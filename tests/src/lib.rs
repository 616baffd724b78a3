//! Behaviour tests of tracer live in `tests/`, one file a topic.

/// The guide for those who come from elsewhere; its code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating.md")]
pub struct Migrating;
