//! Spans and metrics to any OpenTelemetry collector, by gRPC.
//!
//! Everything runs on the thread that drives the exporter, in a runtime of its own: no runtime of the user's can
//! starve it, and it cannot starve theirs.

use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

mod batch;
mod encode_common;
mod encode_logs;
mod encode_metrics;
mod encode_spans;
mod grpc;
mod lane;
mod ledger;
mod logs_push;
mod metrics_push;
mod retry;
mod settings;
mod spans_push;
#[cfg(test)]
mod tests;

use ledger::Ledger;
use logs_push::LogsPush;
use metrics_push::MetricsPush;
use retry::RetryPolicy;
use spans_push::{SpanPush, Taken};

pub(crate) use metrics_push::MetricsSource;
pub(crate) use settings::{
    BatchSettings, Compression, EndpointSetting, Exceptions, Headers, OtlpSettings,
    ReceiverSettings,
};

use super::logs::Sink;
use super::resource::Resource;
use super::signal::Signal;
use super::{ExportError, Exporter, SetupError};
use crate::clock;
use crate::record::SpanView;
use crate::recorder::account::{Account, DropReason};
use crate::recorder::reentrancy;

/// Sends what it is handed to one receiver a signal.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    spans: Option<SpanPush>,
    metrics: Option<MetricsPush>,
    logs: Option<LogsPush>,
    /// Why calls failed goes out as log records too.
    exceptions: Exceptions,
    /// `None` after the shutdown.
    runtime: Option<Runtime>,
    account: &'static Account,
    spans_go_elsewhere: bool,
}

/// What the exporter needs from the rest of the process.
pub(crate) struct Surroundings<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) account: &'static Account,
    /// Encoded spans that wait or are on their way; what is over it is dropped.
    pub(crate) byte_budget: usize,
    /// Where metrics come from.
    pub(crate) metrics: Option<MetricsSource>,
    /// Where log records come from.
    pub(crate) logs: Option<&'static Sink>,
    /// Where the settings send metrics only: spans count as exported all the same, another exporter has them.
    pub(crate) spans_go_elsewhere: bool,
}

impl OtlpExporter {
    /// Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// A setting cannot be used, or the system has no file descriptors left.
    pub(crate) fn new(
        settings: &OtlpSettings,
        surroundings: Surroundings<'_>,
    ) -> Result<Self, SetupError> {
        Self::with_retries(settings, surroundings, RetryPolicy::DEFAULT)
    }

    fn with_retries(
        settings: &OtlpSettings,
        surroundings: Surroundings<'_>,
        policy: RetryPolicy,
    ) -> Result<Self, SetupError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            // Those that resolve names.
            .on_thread_start(reentrancy::silence_thread)
            .build()
            .map_err(|error| SetupError {
                setting: "with_otlp",
                value: String::new(),
                problem: format!("the runtime of the exporter cannot start: {error}"),
            })?;
        let within = runtime.enter();
        let spans = SpanPush::new(settings, &surroundings, policy)?;
        let metrics = MetricsPush::new(
            settings,
            surroundings.resource,
            surroundings.metrics,
            policy,
        )?;
        let logs = LogsPush::new(
            settings,
            surroundings.resource,
            surroundings.logs,
            surroundings.byte_budget,
            policy,
        )?;
        drop(within);
        Ok(Self {
            spans,
            metrics,
            exceptions: match logs {
                Some(_) => settings.exceptions,
                None => Exceptions::SpanEvents,
            },
            logs,
            runtime: Some(runtime),
            account: surroundings.account,
            spans_go_elsewhere: surroundings.spans_go_elsewhere,
        })
    }

    /// When [`tick`](Exporter::tick) has something to do.
    fn due(&self) -> Option<Instant> {
        let spans = self.spans.as_ref().and_then(SpanPush::due);
        let metrics = self.metrics.as_ref().map(MetricsPush::due);
        let logs = self.logs.as_ref().and_then(LogsPush::due);
        spans.into_iter().chain(metrics).chain(logs).min()
    }

    /// Lets exports under way go on for a moment.
    fn turn(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                for _ in 0..4 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        let spans = self.spans.as_ref().map(|spans| spans.lane.ledger());
        let metrics = self.metrics.as_ref().map(MetricsPush::ledger);
        let logs = self.logs.as_ref().map(LogsPush::ledger);
        spans.into_iter().chain(metrics).chain(logs)
    }

    /// Gives up everything that is on its way, without a wait.
    fn abandon(&mut self) {
        if let Some(spans) = &mut self.spans {
            spans.seal();
            spans.lane.clear();
        }
        if let Some(logs) = &mut self.logs {
            logs.abandon();
        }
        if let Some(runtime) = self.runtime.take() {
            // Aborts what is under way and does not wait for a name to be resolved.
            runtime.shutdown_background();
        }
    }

    fn outcome(&self) -> Result<(), ExportError> {
        let undelivered = self.ledgers().map(Ledger::requests).sum();
        if undelivered > 0 {
            return Err(ExportError::TimedOut { undelivered });
        }
        let losses = self.ledgers().filter_map(Ledger::take_losses);
        match losses.reduce(|(a, cause), (b, _)| (a + b, cause)) {
            Some((lost, cause)) => Err(ExportError::Failed { lost, cause }),
            None => Ok(()),
        }
    }
}

impl Exporter for OtlpExporter {
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool {
        let Some(push) = self.spans.as_mut().filter(|_| self.runtime.is_some()) else {
            let records = spans.count() as u64;
            match self.runtime {
                None => self.account.dropped(DropReason::Shutdown, records),
                Some(_) if self.spans_go_elsewhere => self.account.exported(records),
                Some(_) => self.account.dropped(DropReason::NoExporter, records),
            }
            return false;
        };
        let (exceptions, logs) = (self.exceptions, &mut self.logs);
        let mut spans = spans.inspect(|span| {
            if let (true, Some(logs)) = (exceptions.are_logged(), &mut *logs)
                && let Some(record) = encode_logs::exception(span, clock::scale())
            {
                logs.push(&record);
            }
        });
        let Taken { all, sent } = push.export(&mut spans);
        if sent {
            self.turn();
        }
        all
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let Some(runtime) = &self.runtime else {
            return Ok(());
        };
        if let Some(spans) = &mut self.spans {
            spans.seal();
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.push(Instant::now());
        }
        if let Some(logs) = &mut self.logs {
            logs.flush();
        }
        let idle = async {
            for ledger in self.ledgers() {
                ledger.idle().await;
            }
        };
        // The result says whether the time was up; so does the ledger.
        let _ = runtime.block_on(async { tokio::time::timeout_at(deadline.into(), idle).await });
        self.outcome()
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        let result = self.flush(deadline);
        self.abandon();
        result
    }

    /// Sends what has waited long enough.
    fn tick(&mut self, now: Instant) {
        if let Some(spans) = &mut self.spans
            && spans.due().is_some_and(|due| due <= now)
        {
            spans.seal();
        }
        if let Some(metrics) = &mut self.metrics {
            metrics.tick(now);
        }
        if let Some(logs) = &mut self.logs {
            logs.tick(now);
        }
    }

    fn park(&mut self, timeout: Duration, wake: &Signal) -> bool {
        self.tick(Instant::now());
        let end = Instant::now() + timeout;
        let end = self.due().map_or(end, |due| due.min(end));
        let Some(runtime) = &self.runtime else {
            return false;
        };
        if self.ledgers().all(|ledger| ledger.requests() == 0) {
            // A connection may have something to say, but nothing is worth a timer of the runtime's, which wakes twice.
            self.turn();
            wake.wait(end.saturating_duration_since(Instant::now()));
            self.tick(Instant::now());
            return true;
        }
        let woken = std::future::poll_fn(|cx| wake.poll(cx));
        // Which of the two it was makes no difference: the caller looks at its queue.
        let _ = runtime.block_on(async { tokio::time::timeout_at(end.into(), woken).await });
        self.tick(Instant::now());
        true
    }
}

impl Drop for OtlpExporter {
    fn drop(&mut self) {
        self.abandon();
    }
}
