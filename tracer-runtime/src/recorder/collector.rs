//! The collector's thread: takes kept traces from the queue and gives them to the exporters.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::account::{Account, DropReason};
use super::emptied::MAX_CHUNKS;
use super::fragment::Fragment;
use super::pipeline::GLOBAL;
use super::queue::Waiting;
use super::{reentrancy, verdict};
use crate::clock;
use crate::export::signal::Signal;
use crate::export::{ExportError, Exporter};
use crate::metrics::exemplars;

/// From one look at the queue to the next, unless somebody raises the signal.
const ROUND: Duration = Duration::from_millis(250);
/// The same where nothing came for a while: a runtime that waits for an answer wakes twice a round, and an idle
/// process may wake five times a second.
const IDLE_ROUND: Duration = Duration::from_millis(500);
/// Rounds without a trace until a process counts as idle.
const IDLE_AFTER: u32 = 4;

/// Emptied fragments that go back to the threads by one lock.
const GIVEN_BACK_TOGETHER: usize = 32;

/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// What may be asked of the collector.
enum Command {
    Flush {
        deadline: Instant,
        done: Sender<Result<(), ExportError>>,
    },
    Shutdown {
        deadline: Instant,
        done: Sender<Result<(), ExportError>>,
    },
}

/// The way to the collector's thread.
pub(crate) struct Collector {
    commands: Sender<Command>,
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

/// The exporters of the process.
#[derive(Default)]
pub(crate) struct Exporters {
    /// Settles the fate of every record in the account.
    pub(crate) settling: Option<Box<dyn Exporter>>,
    /// See what the other one sees.
    pub(crate) watching: Vec<Box<dyn Exporter>>,
    /// Histograms refer to what they take.
    pub(crate) exemplars: bool,
}

impl Collector {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(crate) fn start(exporters: Exporters) -> std::io::Result<Self> {
        let (commands, inbox) = channel();
        let signal = Arc::new(Signal::default());
        let (heard, raised) = (signal.clone(), signal.clone());
        let thread = thread::Builder::new()
            .name("tracer-collector".to_owned())
            .spawn(move || {
                Rounds {
                    exporters,
                    inbox,
                    signal: heard,
                    empty: 0,
                    waiting: Waiting::new(),
                    emptied: Vec::with_capacity(GIVEN_BACK_TOGETHER),
                }
                .run()
            })?;
        GLOBAL.set_wake(Box::new(move || raised.raise()));
        Ok(Self {
            commands,
            signal,
            thread: Some(thread),
        })
    }

    /// Everything that was kept before goes out, or `timeout` passes.
    pub(crate) fn flush(&self, timeout: Duration) -> Result<(), ExportError> {
        self.ask(timeout, |deadline, done| Command::Flush { deadline, done })
    }

    /// The last flush; what is kept afterwards is dropped and counted.
    pub(crate) fn shutdown(&mut self, timeout: Duration) -> Result<(), ExportError> {
        if self.thread.is_none() {
            return Ok(());
        }
        let result = self.ask(timeout, |deadline, done| Command::Shutdown {
            deadline,
            done,
        });
        // A thread that is stuck in an exporter is left behind rather than waited for.
        if let Some(thread) = self.thread.take().filter(|_| result.is_ok()) {
            let _ = thread.join();
        }
        result
    }

    fn ask(
        &self,
        timeout: Duration,
        command: impl FnOnce(Instant, Sender<Result<(), ExportError>>) -> Command,
    ) -> Result<(), ExportError> {
        let (done, answer) = channel();
        // `Duration::MAX` is for ever, which no `Instant` can express.
        let timeout = timeout.min(FOREVER);
        let deadline = Instant::now() + timeout;
        let gone = || ExportError::TimedOut { undelivered: 0 };
        self.commands
            .send(command(deadline, done))
            .map_err(|_| gone())?;
        self.signal.raise();
        // The exporters keep the deadline themselves; the margin is for their answer to arrive.
        answer
            .recv_timeout(timeout + Duration::from_millis(100))
            .unwrap_or_else(|_| Err(gone()))
    }
}

struct Rounds {
    exporters: Exporters,
    inbox: Receiver<Command>,
    signal: Arc<Signal>,
    /// Rounds since a trace came.
    empty: u32,
    /// Of the round.
    waiting: Waiting,
    emptied: Vec<Box<Fragment>>,
}

impl Rounds {
    fn run(mut self) {
        reentrancy::silence_thread();
        let (mut swept, mut trimmed) = (Instant::now(), Instant::now());
        loop {
            self.wait();
            if trimmed.elapsed() >= ROUND {
                trimmed = Instant::now();
                GLOBAL.queue.trim();
            }
            if swept.elapsed() >= Duration::from_secs(1) {
                swept = Instant::now();
                verdict::sweep();
                clock::follow_the_wall();
            }
            self.export();
            self.exporters.tick();
            while let Ok(command) = self.inbox.try_recv() {
                match command {
                    Command::Flush { deadline, done } => {
                        self.export();
                        let _ = done.send(self.exporters.each(|exporter| exporter.flush(deadline)));
                    }
                    Command::Shutdown { deadline, done } => {
                        verdict::sweep_all();
                        GLOBAL.queue.close();
                        self.export();
                        let _ =
                            done.send(self.exporters.each(|exporter| exporter.shutdown(deadline)));
                        return;
                    }
                }
            }
        }
    }

    /// Until somebody raises the signal or the next round is due; exports under way go on meanwhile.
    fn wait(&mut self) {
        let round = if self.empty < IDLE_AFTER {
            ROUND
        } else {
            IDLE_ROUND
        };
        let driven = self
            .exporters
            .settling
            .as_mut()
            .and_then(|exporter| unharmed(|| exporter.park(round, &self.signal)))
            .unwrap_or(false);
        if !driven {
            self.signal.wait(round);
        }
    }

    fn export(&mut self) {
        GLOBAL.queue.take_into(&mut self.waiting);
        self.empty = if self.waiting.is_empty() {
            self.empty.saturating_add(1)
        } else {
            0
        };
        let Self {
            exporters,
            waiting,
            emptied,
            ..
        } = self;
        let read = exporters.read();
        let see = |fragment: &mut Fragment| {
            if read {
                fragment.spell_out();
            }
            exporters.take(fragment, &GLOBAL.account);
        };
        waiting.each(read, see, |mut fragment| {
            fragment.empty_for_others(MAX_CHUNKS);
            emptied.push(fragment);
            if emptied.len() == GIVEN_BACK_TOGETHER {
                give_back(emptied);
            }
        });
        give_back(emptied);
    }
}

fn give_back(emptied: &mut Vec<Box<Fragment>>) {
    if !emptied.is_empty() {
        GLOBAL.queue.give_back(emptied);
        emptied.clear();
    }
}

impl Exporters {
    /// Whether any of them looks at what spans have recorded.
    fn read(&self) -> bool {
        self.watching
            .iter()
            .chain(&self.settling)
            .any(|exporter| exporter.reads())
    }

    fn take(&mut self, fragment: &Fragment, account: &Account) {
        let mut taken = fragment.exported_elsewhere;
        for exporter in &mut self.watching {
            taken |= unharmed(|| exporter.export(&mut fragment.spans())).unwrap_or(false);
        }
        taken |= self.settle(fragment, account);
        if taken && self.exemplars {
            exemplars::note(fragment.spans());
        }
    }

    /// Whether the exporter that settles their fate has taken the spans.
    fn settle(&mut self, fragment: &Fragment, account: &Account) -> bool {
        let records = fragment.len() as u64;
        match &mut self.settling {
            Some(exporter) => {
                let mut handed_over = 0;
                let mut spans = fragment.spans().inspect(|_| handed_over += 1);
                let taken = unharmed(|| exporter.export(&mut spans));
                if taken.is_none() {
                    drop(spans);
                    // It has settled what it took before the span that it broke on.
                    let lost = (records + 1).saturating_sub(handed_over);
                    account.dropped(DropReason::ExportFailed, lost);
                }
                taken.unwrap_or(false)
            }
            None => {
                match self.watching.is_empty() {
                    true => account.dropped(DropReason::NoExporter, records),
                    false => account.exported(records),
                }
                false
            }
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        for exporter in self.watching.iter_mut().chain(&mut self.settling) {
            let _ = unharmed(|| exporter.tick(now));
        }
    }

    fn each(
        &mut self,
        mut ask: impl FnMut(&mut dyn Exporter) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        // Each is asked, whatever the others said.
        let mut result = Ok(());
        for exporter in self.watching.iter_mut().chain(&mut self.settling) {
            let answer = unharmed(|| ask(exporter.as_mut())).unwrap_or_else(|| {
                Err(ExportError::Failed {
                    lost: 0,
                    cause: "the exporter panicked".to_owned(),
                })
            });
            result = result.and(answer);
        }
        result
    }
}

/// An exporter that panics does not take the collector along; the panic hook has told of it. `None` if it did.
fn unharmed<R>(f: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "collector_tests.rs"]
mod tests;
