//! Propagation without the feature `enable`: nothing is read and nothing is written.

use super::{Extract, Inject};
use crate::context::Remote;

/// Nothing: the feature `enable` is off.
#[inline]
pub fn extract<C: Extract + ?Sized>(_carrier: &C) -> Option<Remote> {
    None
}

/// Nothing: the feature `enable` is off.
#[inline]
pub fn inject<C: Inject + ?Sized>(_carrier: &mut C) {}
