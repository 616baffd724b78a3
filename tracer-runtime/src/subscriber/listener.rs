//! Learns of new subscribers and of filters that change.
//!
//! `tracing` tells its callsites one by one, those of the kind that ours are made of first. The listener is one of the
//! other kind, so that by its turn all of ours are up to date; it then rewrites the words that their calls read.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use tracing_core::callsite::{self, Identifier};
use tracing_core::field::FieldSet;
use tracing_core::subscriber::Interest;
use tracing_core::{Kind, Level, LevelFilter, Metadata};

use crate::mode;
use crate::recorder::reentrancy::Inside;

struct Listener;

static LISTENER: Listener = Listener;

static METADATA: Metadata<'static> = Metadata::new(
    "listener",
    "tracer_runtime::subscriber",
    Level::TRACE,
    None,
    None,
    None,
    FieldSet::new(&[], Identifier(&LISTENER)),
    Kind::HINT,
);

/// From here on it is told of something new.
static IS_LISTENING: AtomicBool = AtomicBool::new(false);

impl tracing_core::Callsite for Listener {
    fn set_interest(&self, _: Interest) {
        if IS_LISTENING.load(Relaxed) {
            crate::filter::ask_subscribers_again();
            mode::set_subscribed();
        }
    }

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

/// Of no span.
pub(super) fn metadata() -> &'static Metadata<'static> {
    &METADATA
}

/// Starts to listen, unless it does already.
pub(super) fn listen() {
    static BEGUN: AtomicBool = AtomicBool::new(false);

    // Nobody waits: subscribers are asked, who may call annotated functions.
    if BEGUN.load(Relaxed) || BEGUN.swap(true, Relaxed) {
        return;
    }
    callsite::register(&LISTENER);
    IS_LISTENING.store(true, Relaxed);
    // What was new before it could be heard.
    crate::filter::ask_subscribers_again();
}

/// A call that nobody records: it may be among the first of the process, of which nothing is known yet.
#[cold]
#[inline(never)]
pub(crate) fn nobody_records() {
    /// A subscriber that comes at the very moment is seen by one of them.
    const CALLS: u32 = 64;
    static SEEN: AtomicU32 = AtomicU32::new(0);

    if mode::get() != 0 || !mode::is_fresh() || Inside::busy() {
        return;
    }
    listen();
    if LevelFilter::current() != LevelFilter::OFF {
        mode::set_subscribed();
    } else if SEEN.fetch_add(1, Relaxed) >= CALLS {
        mode::set_unsubscribed();
    }
}
