//! The atomics and locks of the shared parts, exchanged for loom's when its model checker runs.
//!
//! The configuration has a name of its own: `loom` alone would change tokio and others too, which cannot be built then.

#[cfg(tracer_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
#[cfg(not(tracer_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

use std::sync::PoisonError;

/// Telemetry never panics while it holds a lock, and a poisoned lock protects plain data only.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
