//! The one byte that every annotated call reads first: is anything recording?

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// `init` has been called and `shutdown` has not.
pub(crate) const INITIALISED: u8 = 1;
/// At least one capture is alive somewhere in the process.
pub(crate) const CAPTURING: u8 = 2;

static MODE: AtomicU8 = AtomicU8::new(0);

/// 0 when nothing records; always 0 when the feature `enable` is off.
#[inline(always)]
pub(crate) fn get() -> u8 {
    if cfg!(feature = "enable") {
        MODE.load(Relaxed)
    } else {
        0
    }
}

pub(crate) fn set(bit: u8) {
    // Whatever the hot path needs (clock, bucket table) was made ready before; readers see it through their own locks.
    MODE.fetch_or(bit, std::sync::atomic::Ordering::Release);
}

pub(crate) fn clear(bit: u8) {
    MODE.fetch_and(!bit, std::sync::atomic::Ordering::Release);
}
