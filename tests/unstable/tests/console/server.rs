//! The server of `console-subscriber`, and a client that asks it as the console does.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use std::{env, fs, process};

use console_api::field::{Name, Value};
use console_api::instrument::instrument_client::InstrumentClient;
use console_api::instrument::{InstrumentRequest, Update};
use console_api::tasks::{Stats, Task};
use console_subscriber::ConsoleLayer;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};
use tonic::Streaming;
use tonic::transport::Endpoint;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// For what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a socket of its own, and its client.
pub(crate) struct Console {
    socket: PathBuf,
    runtime: Runtime,
    updates: Streaming<Update>,
}

/// What a console shows of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// `task`, `blocking` or `block_on`.
    pub(crate) kind: String,
    /// The drop of its future is one.
    pub(crate) polls: u64,
    pub(crate) wakes: u64,
    pub(crate) self_wakes: u64,
    pub(crate) waker_clones: u64,
    pub(crate) waker_drops: u64,
    /// What it has waited for.
    pub(crate) operations: usize,
}

/// What the server has told so far.
#[derive(Debug, Default)]
struct Told {
    tasks: HashMap<u64, Task>,
    stats: HashMap<u64, Stats>,
    /// Of each operation, its task.
    operations: HashMap<u64, Option<u64>>,
    dropped: u64,
}

impl Console {
    /// The layer that a user puts into a subscriber, and somebody who watches from the beginning.
    pub(crate) fn start<S>() -> (Self, impl Layer<S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tracer-{}-{}", process::id(), NEXT.fetch_add(1, Relaxed));
        let socket = env::temp_dir().join(name);
        let layer = ConsoleLayer::builder()
            .server_addr(socket.clone())
            .publish_interval(Duration::from_millis(20))
            .spawn();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connected = async { timeout(PATIENCE, connect(&socket)).await };
        let updates = runtime.block_on(connected).unwrap();
        let console = Self {
            socket,
            runtime,
            updates,
        };
        (console, layer)
    }

    /// By the lines that have spawned them: all tasks, once so many have ended.
    pub(crate) fn tasks(mut self, ended: usize) -> BTreeMap<u32, Shown> {
        let mut told = Told::default();
        let updates = &mut self.updates;
        let read = async {
            while told.ended() < ended {
                told.add(updates.message().await.unwrap().unwrap());
            }
        };
        let read = self
            .runtime
            .block_on(async { timeout(PATIENCE, read).await });
        assert!(read.is_ok(), "{ended} tasks are to end: {told:#?}");
        assert_eq!(told.dropped, 0);
        told.shown()
    }
}

/// Once the server listens.
async fn connect(socket: &Path) -> Streaming<Update> {
    let address = format!("unix://{}", socket.display());
    let endpoint = Endpoint::from_shared(address).unwrap();
    loop {
        if let Ok(channel) = endpoint.connect().await {
            let mut client = InstrumentClient::new(channel);
            let updates = client.watch_updates(InstrumentRequest {}).await;
            return updates.unwrap().into_inner();
        }
        sleep(Duration::from_millis(5)).await;
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}

impl Told {
    fn add(&mut self, update: Update) {
        if let Some(tasks) = update.task_update {
            for task in tasks.new_tasks {
                self.tasks.insert(task.id.unwrap().id, task);
            }
            self.stats.extend(tasks.stats_update);
            self.dropped += tasks.dropped_events;
        }
        if let Some(operations) = update.async_op_update {
            for (id, stats) in operations.stats_update {
                self.operations
                    .insert(id, stats.task_id.map(|task| task.id));
            }
            self.dropped += operations.dropped_events;
        }
    }

    fn ended(&self) -> usize {
        let known = self
            .stats
            .iter()
            .filter(|(id, _)| self.tasks.contains_key(id));
        known
            .filter(|(_, stats)| stats.dropped_at.is_some())
            .count()
    }

    fn shown(&self) -> BTreeMap<u32, Shown> {
        let shown: BTreeMap<_, _> = self
            .tasks
            .iter()
            .map(|(id, task)| self.of(*id, task))
            .collect();
        assert_eq!(shown.len(), self.tasks.len(), "one task a line: {self:#?}");
        shown
    }

    fn of(&self, id: u64, task: &Task) -> (u32, Shown) {
        let location = task.location.as_ref().unwrap();
        assert!(
            location.file().ends_with("console/tasks.rs"),
            "{location:?}"
        );
        let stats = &self.stats[&id];
        let polls = stats.poll_stats.as_ref().unwrap();
        let of_task = self.operations.values().filter(|task| **task == Some(id));
        let shown = Shown {
            kind: kind_of(task),
            polls: polls.polls,
            wakes: stats.wakes,
            self_wakes: stats.self_wakes,
            waker_clones: stats.waker_clones,
            waker_drops: stats.waker_drops,
            operations: of_task.count(),
        };
        (location.line(), shown)
    }
}

fn kind_of(task: &Task) -> String {
    let is_kind = |name: &Option<Name>| matches!(name, Some(Name::StrName(name)) if name == "kind");
    let kind = task.fields.iter().find(|field| is_kind(&field.name));
    match kind.and_then(|kind| kind.value.clone()) {
        Some(Value::DebugVal(kind) | Value::StrVal(kind)) => kind,
        other => panic!("{other:?}"),
    }
}
