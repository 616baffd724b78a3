//! The way of one signal's requests: a queue, a few workers, and each request's attempts until it is settled.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prost::bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::grpc::Client;
use super::ledger::{Ledger, Ticket};
use super::retry::{Backoff, RetryPolicy, Verdict};

/// Requests go in; they are delivered while the runtime runs.
#[derive(Debug)]
pub(super) struct Lane {
    road: Arc<Road>,
}

#[derive(Debug)]
struct Road {
    client: Client,
    policy: RetryPolicy,
    ledger: Arc<Ledger>,
    queue: Mutex<VecDeque<Request>>,
    /// Notified when a request is queued.
    queued: Notify,
    /// The receiver said that it does not serve this signal.
    not_served: AtomicBool,
    /// The receiver asked everybody to wait until then.
    closed_until: Mutex<Option<Instant>>,
}

#[derive(Debug)]
struct Request {
    body: Bytes,
    ticket: Ticket,
}

impl Lane {
    /// Must be called within the runtime that will drive it. `workers` is how many requests are under way at one time.
    pub(super) fn new(
        client: Client,
        policy: RetryPolicy,
        ledger: Arc<Ledger>,
        workers: usize,
    ) -> Self {
        let road = Arc::new(Road {
            client,
            policy,
            ledger,
            queue: Mutex::default(),
            queued: Notify::new(),
            not_served: AtomicBool::new(false),
            closed_until: Mutex::default(),
        });
        for _ in 0..workers.max(1) {
            tokio::spawn(Arc::clone(&road).work());
        }
        Self { road }
    }

    pub(super) fn send(&self, body: Bytes, items: u64) {
        let ticket = self.road.ledger.open(items, body.len());
        self.road.lock().push_back(Request { body, ticket });
        self.road.queued.notify_one();
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.road.ledger
    }

    /// Whether the receiver said that it does not serve this signal.
    pub(super) fn is_not_served(&self) -> bool {
        self.road.not_served.load(Relaxed)
    }

    /// Gives up what no worker has begun with.
    pub(super) fn clear(&self) {
        drop(self.take_waiting());
    }

    /// Takes back what no worker has begun with, without a loss.
    pub(super) fn replace(&self) {
        for request in self.take_waiting() {
            request.ticket.replaced();
        }
    }

    /// Requests that no worker has begun with.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.road.lock().len()
    }

    fn take_waiting(&self) -> VecDeque<Request> {
        std::mem::take(&mut *self.road.lock())
    }
}

impl Road {
    async fn work(self: Arc<Self>) {
        loop {
            let next = self.lock().pop_front();
            match next {
                Some(request) => self.deliver(request).await,
                None => self.queued.notified().await,
            }
        }
    }

    async fn deliver(&self, Request { body, ticket }: Request) {
        self.open().await;
        let begin = Instant::now();
        let mut backoff = Backoff::new(self.policy);
        loop {
            let error = match self.client.send(body.clone()).await {
                Ok(receipt) => return ticket.delivered(receipt.rejected, &receipt.message),
                Err(error) => error,
            };
            match error.verdict {
                Verdict::Retry {
                    not_before: Some(delay),
                } => self.close(delay),
                Verdict::NotServed => self.not_served.store(true, Relaxed),
                _ => {}
            }
            match backoff.delay(begin.elapsed(), error.verdict) {
                Some(delay) => sleep(delay).await,
                None => return ticket.failed(error.cause),
            }
        }
    }

    /// Waits until the receiver takes requests again.
    async fn open(&self) {
        loop {
            let until = *self.closed();
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }

    fn close(&self, delay: Duration) {
        // What a receiver asks for is honoured up to a limit: it may be wrong.
        let until = Instant::now() + delay.min(Duration::from_secs(60));
        let mut closed = self.closed();
        *closed = closed.max(Some(until));
    }

    fn closed(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.closed_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Request>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
