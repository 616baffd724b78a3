//! Metrics go out at an interval, at a flush and at the shutdown.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::BatchLimits;
use super::encode_common::Envelope;
use super::encode_metrics::{Times, encode};
use super::grpc::{self, Client};
use super::lane::Lane;
use super::ledger::Ledger;
use super::retry::RetryPolicy;
use super::settings::OtlpSettings;
use crate::export::SetupError;
use crate::export::resource::Resource;
use crate::metrics::{Snapshot, families};

/// Reads the metrics as they are.
pub(crate) type MetricsSource = Box<dyn Fn() -> Snapshot + Send>;

/// Reads, encodes and sends.
pub(super) struct MetricsPush {
    source: MetricsSource,
    envelope: Envelope,
    lane: Lane,
    interval: Duration,
    next: Instant,
}

impl MetricsPush {
    /// Nothing where metrics have no receiver or no source.
    ///
    /// # Errors
    ///
    /// A setting cannot be used.
    pub(super) fn new(
        settings: &OtlpSettings,
        resource: &Resource,
        source: Option<MetricsSource>,
        policy: RetryPolicy,
    ) -> Result<Option<Self>, SetupError> {
        let (Some(receiver), Some(source)) = (&settings.metrics, source) else {
            return Ok(None);
        };
        let policy = RetryPolicy {
            total: settings.metric_timeout,
            ..policy
        };
        let client = Client::new(grpc::METRICS, receiver)?;
        Ok(Some(Self {
            source,
            envelope: Envelope::new(resource),
            lane: Lane::new(client, policy, Arc::new(Ledger::new(None)), 1),
            interval: settings.metric_interval,
            next: Instant::now() + settings.metric_interval,
        }))
    }

    pub(super) fn tick(&mut self, now: Instant) {
        if self.next <= now {
            self.push(now);
        }
    }

    /// Sends a reading, in place of the readings that no worker has begun to send: it says all that they say.
    pub(super) fn push(&mut self, now: Instant) {
        self.next = now + self.interval;
        // Said once, by the flush or the push that found out: many stores of traces take no metrics.
        if self.lane.is_not_served() {
            return;
        }
        self.lane.replace();
        let snapshot = (self.source)();
        let times = Times {
            start: snapshot.start_unix_ns,
            now: snapshot.unix_ns,
        };
        let families = families(&snapshot);
        for request in encode(&families, times, &self.envelope, BatchLimits::MAX_BYTES) {
            self.lane.send(request.body, request.points);
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.next
    }

    pub(super) fn ledger(&self) -> &Ledger {
        self.lane.ledger()
    }
}

impl fmt::Debug for MetricsPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsPush")
            .field("lane", &self.lane)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
