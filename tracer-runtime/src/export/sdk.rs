//! Exporters that are written for the SDK of `opentelemetry`, each on a thread of its own: one that is slow or stuck
//! delays nobody.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::Resource as SdkResource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::limits::Limits;
use super::resource::Resource;
use super::signal::block_on;
use super::span_data::SpanDataBuilder;
use super::{ExportError, Exporter};
use crate::clock;
use crate::integrations::opentelemetry as otel;
use crate::record::SpanView;
use crate::recorder::account::{Account, DropReason};

/// Spans of a batch, as the SDK's batch processor has it.
const MAX_BATCH: usize = 512;
/// How long a span waits for others.
const DELAY: Duration = Duration::from_secs(5);
/// Spans that wait and are on their way.
const MAX_WAITING: usize = 8 * MAX_BATCH;
/// Of one batch.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(30);

type Exporting<'a> = Pin<Box<dyn Future<Output = OTelSdkResult> + Send + 'a>>;

/// Any [`SpanExporter`].
pub(crate) trait AnyExporter: Send + std::fmt::Debug {
    fn export(&self, batch: Vec<SpanData>) -> Exporting<'_>;
    fn flush(&self) -> OTelSdkResult;
    fn shutdown(&self, timeout: Duration) -> OTelSdkResult;
    fn tell_resource(&mut self, resource: &SdkResource);
}

impl<E: SpanExporter> AnyExporter for E {
    fn export(&self, batch: Vec<SpanData>) -> Exporting<'_> {
        Box::pin(SpanExporter::export(self, batch))
    }

    fn flush(&self) -> OTelSdkResult {
        self.force_flush()
    }

    fn shutdown(&self, timeout: Duration) -> OTelSdkResult {
        self.shutdown_with_timeout(timeout)
    }

    fn tell_resource(&mut self, resource: &SdkResource) {
        self.set_resource(resource);
    }
}

/// Builds the spans on the collector's thread, and hands them over in batches.
#[derive(Debug)]
pub(crate) struct SdkExporter {
    builder: SpanDataBuilder,
    batch: Vec<SpanData>,
    /// When the oldest span of the batch came.
    open_since: Option<Instant>,
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
enum Job {
    Export(Vec<SpanData>),
    Flush(Sender<OTelSdkResult>),
    Shutdown(Instant, Sender<OTelSdkResult>),
}

/// What the two threads know of each other.
#[derive(Debug)]
struct Shared {
    /// Where it settles the fate of every span; another exporter does otherwise.
    account: Option<&'static Account>,
    waiting: AtomicUsize,
    /// What is left is dropped.
    closed: AtomicBool,
    losses: Mutex<Option<(u64, String)>>,
}

impl SdkExporter {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(crate) fn start(
        mut exporter: Box<dyn AnyExporter>,
        resource: &Resource,
        limits: Limits,
        account: Option<&'static Account>,
    ) -> std::io::Result<Self> {
        let attributes = resource.attributes().iter().map(otel::key_value);
        let resource = SdkResource::builder_empty()
            .with_attributes(attributes)
            .build();
        let shared = Arc::new(Shared {
            account,
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            losses: Mutex::new(None),
        });
        let (jobs, inbox) = channel();
        let theirs = shared.clone();
        // Some exporters want the runtime of the application around them.
        #[cfg(feature = "tokio")]
        let runtime = tokio::runtime::Handle::try_current().ok();
        thread::Builder::new()
            .name("tracer-exporter".to_owned())
            .spawn(move || {
                #[cfg(feature = "tokio")]
                let _within = runtime.as_ref().map(|runtime| runtime.enter());
                // What it does to export makes no spans.
                let _suppressed = Context::enter_telemetry_suppressed_scope();
                exporter.tell_resource(&resource);
                theirs.work(exporter.as_ref(), &inbox);
            })?;
        Ok(Self {
            builder: SpanDataBuilder::new(limits, clock::scale()),
            batch: Vec::new(),
            open_since: None,
            jobs,
            shared,
        })
    }

    fn seal(&mut self) {
        self.open_since = None;
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return;
        }
        let spans = batch.len();
        self.shared.waiting.fetch_add(spans, Relaxed);
        if self.jobs.send(Job::Export(batch)).is_err() {
            self.shared.settle(
                spans,
                Err((DropReason::Shutdown, "the exporter is shut down")),
            );
        }
    }

    /// Asks the other thread, which answers when it is through with all that came before.
    fn ask(
        &self,
        deadline: Instant,
        job: impl FnOnce(Sender<OTelSdkResult>) -> Job,
    ) -> Result<(), ExportError> {
        let (done, answer) = channel();
        if self.jobs.send(job(done)).is_err() {
            return Ok(());
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(result) = answer.recv_timeout(left) else {
            let undelivered = self.shared.waiting.load(Relaxed).div_ceil(MAX_BATCH) as u64;
            return Err(ExportError::TimedOut { undelivered });
        };
        let refused = |cause: String| Err(ExportError::Failed { lost: 0, cause });
        match (self.shared.take_losses(), result) {
            (Some((lost, cause)), _) => Err(ExportError::Failed { lost, cause }),
            (None, Err(error)) => refused(error.to_string()),
            (None, Ok(())) => Ok(()),
        }
    }
}

impl Exporter for SdkExporter {
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool {
        let mut all = true;
        for span in spans {
            if self.shared.waiting.load(Relaxed) + self.batch.len() >= MAX_WAITING {
                self.shared
                    .lose(1, DropReason::QueueFull, "the queue is full");
                all = false;
                continue;
            }
            self.batch.push(self.builder.build(&span));
            if self.batch.len() == MAX_BATCH {
                self.seal();
            }
        }
        if !self.batch.is_empty() {
            self.open_since.get_or_insert_with(Instant::now);
        }
        all
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.seal();
        self.ask(deadline, Job::Flush)
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.seal();
        let result = self.ask(deadline, |done| Job::Shutdown(deadline, done));
        self.shared.closed.store(true, Relaxed);
        result
    }

    fn tick(&mut self, now: Instant) {
        if self.open_since.is_some_and(|since| since + DELAY <= now) {
            self.seal();
        }
    }
}

impl Drop for SdkExporter {
    fn drop(&mut self) {
        self.shared.closed.store(true, Relaxed);
        self.seal();
    }
}

impl Shared {
    /// Until the shutdown, or until nobody can ask for anything any more.
    fn work(&self, exporter: &dyn AnyExporter, inbox: &Receiver<Job>) {
        for job in inbox {
            match job {
                Job::Export(batch) => self.export(exporter, batch),
                Job::Flush(done) => {
                    let _ = done.send(unharmed(|| exporter.flush()));
                }
                Job::Shutdown(deadline, done) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    let _ = done.send(unharmed(|| exporter.shutdown(left)));
                    return;
                }
            }
        }
    }

    fn export(&self, exporter: &dyn AnyExporter, batch: Vec<SpanData>) {
        let spans = batch.len();
        if self.closed.load(Relaxed) {
            let cause = "shut down before it was delivered";
            return self.settle(spans, Err((DropReason::Shutdown, cause)));
        }
        let deadline = Instant::now() + EXPORT_TIMEOUT;
        let exported = catch_unwind(AssertUnwindSafe(|| {
            block_on(exporter.export(batch), deadline)
        }));
        let failed = |cause| Err((DropReason::ExportFailed, cause));
        match exported {
            Ok(Some(Ok(()))) => self.settle(spans, Ok(())),
            Ok(Some(Err(error))) => self.settle(spans, failed(error.to_string().as_str())),
            Ok(None) => self.settle(spans, failed("no answer within 30 s")),
            Err(_) => self.settle(spans, failed("the exporter panicked")),
        }
    }

    fn settle(&self, spans: usize, result: Result<(), (DropReason, &str)>) {
        match (result, self.account) {
            (Ok(()), Some(account)) => account.exported(spans as u64),
            (Ok(()), None) => {}
            (Err((reason, cause)), _) => self.lose(spans as u64, reason, cause),
        }
        self.waiting.fetch_sub(spans, Relaxed);
    }

    fn lose(&self, spans: u64, reason: DropReason, cause: &str) {
        if let Some(account) = self.account {
            account.dropped(reason, spans);
        }
        let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        let (lost, last) = losses.get_or_insert_default();
        *lost += spans;
        cause.clone_into(last);
    }

    /// Spans given up since the last call, and the last reason.
    fn take_losses(&self) -> Option<(u64, String)> {
        let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        losses.take()
    }
}

/// An exporter that panics takes nobody along.
fn unharmed(ask: impl FnOnce() -> OTelSdkResult) -> OTelSdkResult {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| {
        let cause = "the exporter panicked".to_owned();
        Err(opentelemetry_sdk::error::OTelSdkError::InternalFailure(
            cause,
        ))
    })
}

#[cfg(test)]
#[path = "sdk_tests.rs"]
mod tests;
