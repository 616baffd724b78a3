//! What is on its way: every span that was taken is settled exactly once, also where a task is aborted or panics.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::recorder::account::{Account, DropReason};

/// The requests of one signal that are neither delivered nor given up.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Where spans are counted; metrics are not, the next push makes a failed one good.
    account: Option<&'static Account>,
    requests: AtomicU64,
    items: AtomicU64,
    bytes: AtomicUsize,
    /// Items given up since the last [`take_losses`](Self::take_losses).
    lost: AtomicU64,
    last_failure: Mutex<Option<String>>,
    /// Notified when the last request is settled.
    settled: Notify,
}

/// The duty to say what became of a request.
#[derive(Debug)]
pub(super) struct Ticket {
    items: u64,
    bytes: usize,
    /// `None` once settled.
    ledger: Option<Arc<Ledger>>,
}

impl Ledger {
    pub(super) fn new(account: Option<&'static Account>) -> Self {
        Self {
            account,
            requests: AtomicU64::new(0),
            items: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            last_failure: Mutex::new(None),
            settled: Notify::new(),
        }
    }

    pub(super) fn open(self: &Arc<Self>, items: u64, bytes: usize) -> Ticket {
        self.requests.fetch_add(1, Relaxed);
        self.items.fetch_add(items, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        Ticket {
            items,
            bytes,
            ledger: Some(Arc::clone(self)),
        }
    }

    /// Requests on their way.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Spans or data points in them.
    pub(super) fn items(&self) -> u64 {
        self.items.load(Relaxed)
    }

    /// Their encoded size.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Waits until nothing is on its way.
    pub(super) async fn idle(&self) {
        while self.requests() > 0 {
            // A notification without a waiter is kept, so none is missed.
            self.settled.notified().await;
        }
    }

    /// Items given up since the last call, and the last reason.
    pub(super) fn take_losses(&self) -> Option<(u64, String)> {
        let lost = self.lost.swap(0, Relaxed);
        self.last_failure().take().map(|cause| (lost, cause))
    }

    /// Counts items that never got as far as a request.
    pub(super) fn refuse(&self, items: u64, reason: DropReason, cause: &str) {
        if items > 0 {
            self.lose(items, reason, cause.to_owned());
        }
    }

    fn lose(&self, items: u64, reason: DropReason, cause: String) {
        if let Some(account) = self.account {
            account.dropped(reason, items);
            self.lost.fetch_add(items, Relaxed);
        }
        *self.last_failure() = Some(cause);
    }

    fn last_failure(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The receiver took it, except for so many items.
    pub(super) fn delivered(mut self, rejected: u64, message: &str) {
        let Some(ledger) = self.ledger.take() else {
            return;
        };
        let rejected = rejected.min(self.items);
        if let Some(account) = ledger.account {
            account.exported(self.items - rejected);
        }
        if rejected > 0 {
            let cause = format!("the receiver rejected {rejected} items: {message}");
            ledger.lose(rejected, DropReason::Rejected, cause);
        }
        self.close(&ledger);
    }

    /// It was given up.
    pub(super) fn failed(mut self, cause: String) {
        if let Some(ledger) = self.ledger.take() {
            ledger.lose(self.items, DropReason::ExportFailed, cause);
            self.close(&ledger);
        }
    }

    /// Another request says all that it says: nothing is lost without it.
    pub(super) fn replaced(mut self) {
        if let Some(ledger) = self.ledger.take() {
            self.close(&ledger);
        }
    }

    fn close(&self, ledger: &Ledger) {
        ledger.bytes.fetch_sub(self.bytes, Relaxed);
        ledger.items.fetch_sub(self.items, Relaxed);
        if ledger.requests.fetch_sub(1, Relaxed) == 1 {
            ledger.settled.notify_one();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(ledger) = self.ledger.take() {
            let (reason, cause) = if std::thread::panicking() {
                (DropReason::ExportFailed, "the exporter panicked")
            } else {
                (DropReason::Shutdown, "shut down before it was delivered")
            };
            ledger.lose(self.items, reason, cause.to_owned());
            self.close(&ledger);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> (&'static Account, Arc<Ledger>) {
        let account: &'static Account = Box::leak(Box::new(Account::new()));
        (account, Arc::new(Ledger::new(Some(account))))
    }

    #[test]
    fn every_item_is_settled_once_however_its_request_ends() {
        let (account, ledger) = ledger();
        let open = |items| ledger.open(items, 10);
        let tickets = (open(1), open(20), open(300), open(4_000));
        assert_eq!((ledger.requests(), ledger.bytes()), (4, 40));
        tickets.0.delivered(0, "");
        tickets.1.delivered(5, "too old");
        tickets.2.failed("refused".into());
        drop(tickets.3);
        assert_eq!((ledger.requests(), ledger.bytes()), (0, 0));
        let totals = account.totals();
        assert_eq!(totals.exported, 16);
        assert_eq!(totals.dropped(DropReason::Rejected), 5);
        assert_eq!(totals.dropped(DropReason::ExportFailed), 300);
        assert_eq!(totals.dropped(DropReason::Shutdown), 4_000);
        assert_eq!(totals.settled(), 4_321);
        let (lost, cause) = ledger.take_losses().expect("losses");
        assert_eq!(
            (lost, cause.as_str()),
            (4_305, "shut down before it was delivered")
        );
        assert_eq!(ledger.take_losses(), None);
    }

    #[test]
    fn a_receiver_cannot_reject_more_than_it_was_sent() {
        let (account, ledger) = ledger();
        ledger.open(3, 1).delivered(u64::MAX, "nonsense");
        assert_eq!(account.totals().dropped(DropReason::Rejected), 3);
        assert_eq!(account.totals().settled(), 3);
    }

    #[test]
    fn a_panic_while_delivering_counts_as_a_failed_export() {
        let (account, ledger) = ledger();
        let ticket = ledger.open(7, 1);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _ticket = ticket;
            panic!("on purpose");
        }));
        assert!(caught.is_err());
        assert_eq!(account.totals().dropped(DropReason::ExportFailed), 7);
    }
}
