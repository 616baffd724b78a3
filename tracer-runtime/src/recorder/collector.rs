//! The collector's thread: takes kept traces from the queue and gives them to the exporters.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::account::DropReason;
use super::fragment::Fragment;
use super::pipeline::GLOBAL;
use super::verdict;
use crate::export::signal::Signal;
use crate::export::{ExportError, Exporter};

/// An idle process wakes four times a second.
const ROUND: Duration = Duration::from_millis(250);

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
}

impl Rounds {
    fn run(mut self) {
        let mut swept = Instant::now();
        loop {
            self.wait();
            if swept.elapsed() >= Duration::from_secs(1) {
                swept = Instant::now();
                verdict::sweep();
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
        let driven = self
            .exporters
            .settling
            .as_mut()
            .is_some_and(|exporter| exporter.park(ROUND, &self.signal));
        if !driven {
            self.signal.wait(ROUND);
        }
    }

    fn export(&mut self) {
        for fragment in GLOBAL.queue.take() {
            self.exporters.take(&fragment);
        }
    }
}

impl Exporters {
    fn take(&mut self, fragment: &Fragment) {
        for exporter in &mut self.watching {
            exporter.export(&mut fragment.spans());
        }
        let records = fragment.len() as u64;
        match &mut self.settling {
            Some(exporter) => exporter.export(&mut fragment.spans()),
            None if self.watching.is_empty() => {
                GLOBAL.account.dropped(DropReason::NoExporter, records)
            }
            None => GLOBAL.account.exported(records),
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        for exporter in self.watching.iter_mut().chain(&mut self.settling) {
            exporter.tick(now);
        }
    }

    fn each(
        &mut self,
        mut ask: impl FnMut(&mut dyn Exporter) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        // Each is asked, whatever the others said.
        let mut result = Ok(());
        for exporter in self.watching.iter_mut().chain(&mut self.settling) {
            let answer = ask(exporter.as_mut());
            result = result.and(answer);
        }
        result
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}
