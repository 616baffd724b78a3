//! The one byte that every annotated call reads first: is anything recording?

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::clock;

/// `init` has been called and `shutdown` has not.
pub(crate) const INITIALISED: u8 = 1;
/// At least one capture is alive somewhere in the process.
pub(crate) const CAPTURING: u8 = 2;

/// Beside [`INITIALISED`]: every span opens a fragment of its own.
pub(crate) const APART: u8 = 8;

/// Whether every span opens a fragment of its own.
pub(crate) fn is_apart() -> bool {
    MODE.load(Relaxed) & APART != 0
}

/// Beside [`INITIALISED`], for [`is_usual`] only: it takes a call to read the clock.
const SLOW_CLOCK: u8 = 4;

static MODE: AtomicU8 = AtomicU8::new(0);

/// 0 when nothing records; always 0 when the feature `enable` is off.
#[inline(always)]
pub(crate) fn get() -> u8 {
    if cfg!(feature = "enable") {
        MODE.load(Relaxed) & (INITIALISED | CAPTURING)
    } else {
        0
    }
}

/// [`INITIALISED`] and nothing else, and [`clock::cheap_now`] is the clock.
#[inline(always)]
pub(crate) fn is_usual() -> bool {
    MODE.load(Relaxed) == INITIALISED
}

const fn with_clock(bit: u8, slow_clock: bool) -> u8 {
    match slow_clock && bit == INITIALISED {
        true => bit | SLOW_CLOCK,
        false => bit,
    }
}

pub(crate) fn set(bit: u8) {
    // Whatever the hot path needs (clock, bucket table) was made ready before; readers see it through their own locks.
    MODE.fetch_or(
        with_clock(bit, !clock::is_cheap()),
        std::sync::atomic::Ordering::Release,
    );
}

pub(crate) fn clear(bit: u8) {
    MODE.fetch_and(!with_clock(bit, true), std::sync::atomic::Ordering::Release);
}
