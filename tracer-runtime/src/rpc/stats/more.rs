//! What is known of few calls beyond how they are doing: in one place of its own, so that most calls stay small.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::ENDS;
use crate::record::Failure;
use crate::rpc::event::{EventStatus, PREDEFINED, RpcEvent};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct More {
    /// Of the events but the start and the finish, in ticks, by slot.
    pub(super) between: [AtomicU64; PREDEFINED.len() - ENDS],
    notes: OnceLock<Box<Mutex<Notes>>>,
    pub(super) why: OnceLock<Box<Why>>,
}

/// What was said of events, and those that are not predefined.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) texts: Vec<(usize, String)>,
    pub(super) user: Vec<Noted>,
    pub(super) dropped: u64,
}

/// What happened, whether it was as it should be, what was said about it, and when, in ticks.
pub(in crate::rpc) type Noted = (RpcEvent, EventStatus, String, u64);

/// What went wrong.
#[derive(Debug)]
pub(super) struct Why {
    pub(super) failure: Option<Failure>,
    pub(super) panic_message: Option<String>,
}

impl More {
    /// What has been noted, if anything has.
    pub(super) fn noted(&self) -> Option<MutexGuard<'_, Notes>> {
        self.notes.get().map(|notes| locked(notes))
    }

    /// To note more.
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        locked(self.notes.get_or_init(Box::default))
    }
}

fn locked(notes: &Mutex<Notes>) -> MutexGuard<'_, Notes> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
