//! Where kept traces go: the process's pipeline after `init`, or the private one of a capture.

use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::account::{Account, DropReason, Tally};
use super::budget;
use super::fragment::Fragment;
use super::live::Live;
use super::policy::Policy;
use super::queue::{Queue, Queued};

type Wake = Box<dyn Fn() + Send + Sync>;

/// See the module.
pub(crate) struct Pipeline {
    pub(crate) policy: Policy,
    pub(crate) account: Account,
    pub(crate) queue: Queue,
    /// A capture takes records as they end; other pipelines take fragments.
    pub(crate) live: Option<Live>,
    wake: OnceLock<Wake>,
    /// Fragments and links that may still bring records.
    busy: AtomicUsize,
    idle: Condvar,
    idle_lock: Mutex<()>,
}

/// The pipeline of `init`.
#[cfg(not(tracer_loom))]
pub(crate) static GLOBAL: Pipeline = Pipeline {
    policy: Policy::new(),
    account: Account::new(),
    queue: Queue::new(),
    live: None,
    wake: OnceLock::new(),
    busy: AtomicUsize::new(0),
    idle: Condvar::new(),
    idle_lock: Mutex::new(()),
};

/// The pipeline of `init`.
#[cfg(tracer_loom)]
pub(crate) static GLOBAL: std::sync::LazyLock<Pipeline> =
    std::sync::LazyLock::new(|| Pipeline::private(None));

impl Pipeline {
    pub(crate) fn private(live: Option<Live>) -> Self {
        Self {
            policy: Policy::new(),
            account: Account::new(),
            queue: Queue::new(),
            live,
            wake: OnceLock::new(),
            busy: AtomicUsize::new(0),
            idle: Condvar::new(),
            idle_lock: Mutex::new(()),
        }
    }

    /// What wakes the collector; the first one stays.
    pub(crate) fn set_wake(&self, wake: Wake) {
        let _ = self.wake.set(wake);
    }

    pub(crate) fn wake(&self) {
        if let Some(wake) = self.wake.get() {
            wake();
        }
    }

    /// Takes a trace that was decided for, or counts why not and gives it back. What it returns is to be used again:
    /// also an emptied fragment, in exchange for the one taken.
    pub(crate) fn keep(
        &self,
        mut fragment: Box<Fragment>,
        exchange: bool,
    ) -> Option<Box<Fragment>> {
        let records = fragment.len() as u64;
        if records == 0 {
            return Some(fragment);
        }
        // A quarter of the budget stays for fragments that are being written, a quarter for the exporters.
        let max_bytes = budget::limit_bytes() / 2;
        if let Some(wake) = self.queue.push_small(&mut fragment, max_bytes) {
            self.kept(wake);
            return Some(fragment);
        }
        let (reason, refused) = match self.queue.push(fragment, max_bytes, exchange) {
            Queued::Yes { emptied, wake } => {
                self.kept(wake);
                return emptied;
            }
            Queued::Full(fragment) => (DropReason::QueueFull, fragment),
            Queued::Closed(fragment) => (DropReason::Shutdown, fragment),
        };
        self.account.dropped(reason, records);
        Some(refused)
    }

    #[inline]
    fn kept(&self, wake: bool) {
        self.account.tally(Tally::KeptTrace);
        if wake {
            self.wake();
        }
    }

    /// Waits until nothing can bring more records; false when the deadline came first.
    pub(crate) fn wait_until_idle(&self, deadline: Instant) -> bool {
        let mut guard = self
            .idle_lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while self.busy.load(Acquire) != 0 {
            let Some(left) = deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                return false;
            };
            guard = self
                .idle
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline")
            .field("policy", &self.policy)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Keeps a private pipeline waiting for what its holder may still record.
#[derive(Debug)]
pub(crate) struct Tether(Arc<Pipeline>);

impl Tether {
    pub(crate) fn new(pipeline: Arc<Pipeline>) -> Self {
        pipeline.busy.fetch_add(1, Relaxed);
        Self(pipeline)
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0
    }
}

impl Clone for Tether {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl Drop for Tether {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, AcqRel) == 1 {
            // Taken so that a waiter between its check and its wait is not missed.
            drop(
                self.0
                    .idle_lock
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            );
            self.0.idle.notify_all();
        }
    }
}
