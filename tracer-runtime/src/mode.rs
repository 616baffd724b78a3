//! The one byte that every annotated call reads first: is anything recording?

use std::sync::atomic::{AtomicU8, Ordering::Relaxed, Ordering::Release};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock;

/// `init` has been called and `shutdown` has not.
pub(crate) const INITIALISED: u8 = 1;
/// At least one capture is alive somewhere in the process.
pub(crate) const CAPTURING: u8 = 2;

/// Beside [`INITIALISED`]: every span opens a fragment of its own.
pub(crate) const APART: u8 = 32;

/// Whether every span opens a fragment of its own.
pub(crate) fn is_apart() -> bool {
    MODE.load(Relaxed) & APART != 0
}

/// Beside [`INITIALISED`], for [`is_usual`] only: it takes a call to read the clock.
const SLOW_CLOCK: u8 = 4;
/// Unless [`INITIALISED`]: nobody knows yet whether there is a `tracing` subscriber.
const FRESH: u8 = 8;
/// Unless [`INITIALISED`]: there is, or was, a subscriber, so that callsites have to be asked who wants them.
const SUBSCRIBED: u8 = 16;

const AT_FIRST: u8 = if cfg!(all(feature = "enable", feature = "tracing")) {
    FRESH
} else {
    0
};

static MODE: AtomicU8 = AtomicU8::new(AT_FIRST);

/// What [`MODE`] says of subscribers while the process is not initialised; held while it changes.
static SUBSCRIBERS: Mutex<u8> = Mutex::new(AT_FIRST);

/// 0 when nothing records; always 0 when the feature `enable` is off.
#[inline(always)]
pub(crate) fn get() -> u8 {
    if cfg!(feature = "enable") {
        MODE.load(Relaxed) & (INITIALISED | CAPTURING)
    } else {
        0
    }
}

/// Whether nothing records and no subscriber is there, so that a call is none of our business.
#[inline(always)]
pub(crate) fn is_off() -> bool {
    MODE.load(Relaxed) == 0
}

/// [`INITIALISED`] and nothing else, and [`clock::cheap_now`] is the clock.
#[inline(always)]
pub(crate) fn is_usual() -> bool {
    MODE.load(Relaxed) == INITIALISED
}

/// Whether it is not known yet that there is a subscriber, nor that there is none.
pub(crate) fn is_fresh() -> bool {
    *lock() == FRESH
}

/// There is a subscriber.
pub(crate) fn set_subscribed() {
    change(|mode, subscribers| {
        *subscribers = SUBSCRIBED;
        mode
    });
}

/// There is none, unless one has come meanwhile.
pub(crate) fn set_unsubscribed() {
    change(|mode, subscribers| {
        *subscribers &= !FRESH;
        mode
    });
}

pub(crate) fn set(bit: u8) {
    // Whatever the hot path needs (clock, bucket table) was made ready before; readers see it through their own locks.
    change(|mode, _| match bit {
        INITIALISED if !clock::is_cheap() => mode | bit | SLOW_CLOCK,
        bit => mode | bit,
    });
}

pub(crate) fn clear(bit: u8) {
    change(|mode, _| match bit {
        INITIALISED => mode & !(bit | SLOW_CLOCK),
        bit => mode & !bit,
    });
}

fn lock() -> MutexGuard<'static, u8> {
    SUBSCRIBERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn change(to: impl FnOnce(u8, &mut u8) -> u8) {
    let mut subscribers = lock();
    let mode = to(MODE.load(Relaxed), &mut subscribers) & !(FRESH | SUBSCRIBED);
    // Initialised, each callsite says by itself who wants it.
    let shown = match mode & INITIALISED {
        0 => *subscribers,
        _ => 0,
    };
    MODE.store(mode | shown, Release);
}
