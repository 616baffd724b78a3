//! Log records go out in batches.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::batch::BatchLimits;
use super::encode_common::Envelope;
use super::encode_logs::encode;
use super::grpc::{self, Client};
use super::lane::Lane;
use super::ledger::Ledger;
use super::retry::RetryPolicy;
use super::settings::OtlpSettings;
use crate::export::SetupError;
use crate::export::limits::Limits;
use crate::export::logs::{LogRecord, Sink};
use crate::export::resource::Resource;
use crate::recorder::account::DropReason;

/// Takes from the sink, encodes and sends.
pub(super) struct LogsPush {
    sink: &'static Sink,
    envelope: Envelope,
    lane: Lane,
    limits: Limits,
    delay: Duration,
    max_bytes: usize,
    items: Vec<u8>,
    records: u64,
    /// When the oldest record of the open batch came.
    open_since: Option<Instant>,
}

impl LogsPush {
    /// Nothing where logs have no receiver or no sink.
    ///
    /// # Errors
    ///
    /// A setting cannot be used.
    pub(super) fn new(
        settings: &OtlpSettings,
        resource: &Resource,
        sink: Option<&'static Sink>,
        byte_budget: usize,
        policy: RetryPolicy,
    ) -> Result<Option<Self>, SetupError> {
        let (Some(receiver), Some(sink)) = (&settings.logs, sink) else {
            return Ok(None);
        };
        let policy = RetryPolicy {
            total: settings.batches.timeout,
            ..policy
        };
        let ledger = Arc::new(Ledger::new(Some(&sink.account)));
        let client = Client::new(grpc::LOGS, receiver)?;
        Ok(Some(Self {
            sink,
            envelope: Envelope::new(resource),
            lane: Lane::new(client, policy, ledger, 1),
            limits: settings.limits,
            delay: settings.log_delay,
            max_bytes: byte_budget,
            items: Vec::new(),
            records: 0,
            open_since: None,
        }))
    }

    /// Takes what waits; sends what is full or has waited long enough.
    pub(super) fn tick(&mut self, now: Instant) {
        for record in self.sink.take() {
            self.push(&record);
        }
        if self.due().is_some_and(|due| due <= now) {
            self.seal();
        }
    }

    pub(super) fn push(&mut self, record: &LogRecord) {
        let ledger = self.lane.ledger();
        if self.lane.is_not_served() || ledger.bytes() + self.items.len() >= self.max_bytes {
            let cause = "the queue is full, or the receiver takes no logs";
            return ledger.refuse(1, DropReason::QueueFull, cause);
        }
        let before = self.items.len();
        encode(record, unix_ns(), &self.limits, &mut self.items);
        if self.envelope.wrapped_len(self.items.len()) > BatchLimits::MAX_BYTES {
            let last = self.items.split_off(before);
            if self.envelope.wrapped_len(last.len()) > BatchLimits::MAX_BYTES {
                let cause = "a log record is larger than a request may be";
                return self
                    .lane
                    .ledger()
                    .refuse(1, DropReason::ExportFailed, cause);
            }
            self.seal();
            self.items = last;
        }
        self.records += 1;
        self.open_since.get_or_insert_with(Instant::now);
        if self.records >= BatchLimits::MAX_SPANS as u64 {
            self.seal();
        }
    }

    /// Everything that was emitted before is sent.
    pub(super) fn flush(&mut self) {
        self.tick(Instant::now());
        self.seal();
    }

    fn seal(&mut self) {
        self.open_since = None;
        if self.records > 0 {
            let body = self.envelope.wrap(&self.items);
            self.lane.send(body, std::mem::take(&mut self.records));
            self.items.clear();
        }
    }

    /// Nothing is sent any more.
    pub(super) fn abandon(&mut self) {
        self.seal();
        self.lane.clear();
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.open_since.map(|since| since + self.delay)
    }

    pub(super) fn ledger(&self) -> &Ledger {
        self.lane.ledger()
    }
}

fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_nanos() as u64
}

impl fmt::Debug for LogsPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogsPush")
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}
