//! Spans go out in batches.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Surroundings;
use super::batch::{BatchLimits, Batcher, Pushed};
use super::encode_common::Envelope;
use super::encode_spans::SpanEncoder;
use super::grpc::{self, Client};
use super::lane::Lane;
use super::ledger::Ledger;
use super::retry::RetryPolicy;
use super::settings::{Exceptions, OtlpSettings};
use crate::clock;
use crate::export::SetupError;
use crate::record::SpanView;
use crate::recorder::account::DropReason;

/// Encodes and sends.
pub(super) struct SpanPush {
    pub(super) batcher: Batcher,
    pub(super) lane: Lane,
    delay: Duration,
    /// When the oldest span of the open batch came.
    open_since: Option<Instant>,
    max_bytes: usize,
    max_spans: Option<usize>,
}

/// What became of spans that were handed over.
pub(super) struct Taken {
    /// None was refused.
    pub(super) all: bool,
    /// A batch has become full and was sent.
    pub(super) sent: bool,
}

impl SpanPush {
    /// Nothing where spans have no receiver.
    ///
    /// # Errors
    ///
    /// A setting cannot be used.
    pub(super) fn new(
        settings: &OtlpSettings,
        surroundings: &Surroundings<'_>,
        policy: RetryPolicy,
    ) -> Result<Option<Self>, SetupError> {
        let Some(receiver) = &settings.traces else {
            return Ok(None);
        };
        let batches = settings.batches;
        let policy = RetryPolicy {
            total: batches.timeout,
            ..policy
        };
        let ledger = Arc::new(Ledger::new(Some(surroundings.account)));
        let client = Client::new(grpc::TRACES, receiver)?;
        let limits = BatchLimits {
            spans: batches.max_spans,
            bytes: BatchLimits::MAX_BYTES,
        };
        let has_logs = settings.logs.is_some() && surroundings.logs.is_some();
        let in_spans = !has_logs || settings.exceptions != Exceptions::LogRecords;
        let encoder = SpanEncoder::new(settings.limits, clock::scale()).with_exceptions(in_spans);
        Ok(Some(Self {
            batcher: Batcher::new(limits, Envelope::new(surroundings.resource), encoder),
            lane: Lane::new(client, policy, ledger, batches.in_flight),
            delay: batches.delay,
            open_since: None,
            max_bytes: surroundings.byte_budget,
            max_spans: batches.max_queued,
        }))
    }

    pub(super) fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> Taken {
        let (mut all, mut sent) = (true, false);
        let ledger = self.lane.ledger();
        let full = self.is_full();
        if full {
            ledger.refuse(
                spans.count() as u64,
                DropReason::QueueFull,
                "the queue is full",
            );
            return Taken { all: false, sent };
        }
        for span in spans {
            match self.batcher.push(&span) {
                Pushed::Waiting => {}
                Pushed::Sealed(batch) => {
                    self.lane.send(batch.body, batch.spans);
                    sent = true;
                }
                Pushed::TooLarge => {
                    all = false;
                    self.lane.ledger().refuse(
                        1,
                        DropReason::ExportFailed,
                        "a span is larger than a request may be",
                    );
                }
            }
        }
        self.open_since = match self.batcher.is_empty() {
            true => None,
            false => self
                .open_since
                .filter(|_| !sent)
                .or_else(|| Some(Instant::now())),
        };
        Taken { all, sent }
    }

    fn is_full(&self) -> bool {
        let ledger = self.lane.ledger();
        ledger.bytes() + self.batcher.bytes() >= self.max_bytes
            || self
                .max_spans
                .is_some_and(|max| ledger.items() >= max as u64)
    }

    pub(super) fn seal(&mut self) {
        self.open_since = None;
        if let Some(batch) = self.batcher.seal() {
            self.lane.send(batch.body, batch.spans);
        }
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.open_since.map(|since| since + self.delay)
    }
}

impl fmt::Debug for SpanPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanPush")
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}
