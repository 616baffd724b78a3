//! What a console shows of tasks does not depend on the attribute, and what the other layers see not on the console.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::yield_now;
use tracer_runtime::{spawn, spawn_blocking, testing, traced, tracing_layer};
use tracing::Dispatch;
use tracing::dispatcher::{set_default, with_default};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::server::Console;

/// Text that a subscriber writes.
#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Text {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

/// The console's layer beside one that writes, and ours for spans of other crates.
fn subscribed() -> (Console, Text, Dispatch) {
    let (console, layer) = Console::start();
    let text = Text::default();
    let writer = text.clone();
    let written = fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_writer(move || writer.clone());
    let is_ours = |metadata: &tracing::Metadata<'_>| metadata.target().starts_with("console");
    let others = registry()
        .with(layer)
        .with(written.with_filter(filter_fn(is_ours)))
        .with(tracing_layer().with_filter(filter_fn(is_ours)));
    (console, text, Dispatch::new(others))
}

/// With the subscriber on its threads, as one that is everybody's is.
fn runtime(dispatch: &Dispatch) -> Runtime {
    let dispatch = dispatch.clone();
    let there = move || std::mem::forget(set_default(&dispatch));
    let mut builder = Builder::new_current_thread();
    builder.on_thread_start(there).build().unwrap()
}

async fn plain(gate: Arc<Semaphore>) {
    for _ in 0..2 {
        yield_now().await;
    }
    let _permit = gate.acquire().await.unwrap();
    yield_now().await;
}

#[traced]
async fn annotated(gate: Arc<Semaphore>) {
    inner().await;
    let _permit = gate.acquire().await.unwrap();
    tracing::info!("acquired");
    yield_now().await;
}

#[traced]
async fn inner() {
    for _ in 0..2 {
        yield_now().await;
    }
    tracing::info_span!("native").in_scope(|| tracing::info!("yielded"));
}

#[test]
fn tasks_of_annotated_functions_are_shown_like_any_other() {
    let (console, text, dispatch) = subscribed();
    let capture = testing::capture();
    // `block_on` is a task too.
    let [first, second, third] = [line!() + 5, line!() + 6, line!() + 7];
    with_default(&dispatch, || {
        runtime(&dispatch).block_on(async {
            let gate = Arc::new(Semaphore::new(1));
            // One after the other, so that each finds the semaphore alike.
            tokio::spawn(plain(gate.clone())).await.unwrap();
            tokio::spawn(annotated(gate.clone())).await.unwrap();
            spawn(annotated(gate.clone())).await.unwrap();
        });
    });
    let shown = console.tasks(4);
    assert_eq!(shown.len(), 4, "{shown:#?}");
    assert_eq!((shown[&first].polls, shown[&first].wakes), (5, 3));
    assert_eq!(shown[&first].operations, 2);
    assert_eq!(shown[&first], shown[&second]);
    assert_eq!(shown[&first], shown[&third]);
    let lines = " INFO annotated:inner:native: yielded\n INFO annotated: acquired\n";
    assert_eq!(text.take(), lines.repeat(2));
    let tree = "annotated [ok]\n  inner [ok]\n    native [ok]\n";
    let captured = capture.tree();
    let spans = captured.lines().filter(|line| !line.contains("* "));
    let spans: String = spans.map(|line| format!("{line}\n")).collect();
    assert_eq!(spans, tree.repeat(2));
}

#[traced]
async fn starts() -> oneshot::Receiver<()> {
    let (done, ended) = oneshot::channel();
    // Neither of them has a function of ours between itself and its spawner's.
    spawn(async move {
        let gate = Arc::new(Semaphore::new(1));
        spawn(async move {
            annotated(gate).await;
            let _ = done.send(());
        });
        tracing::info!("started");
    });
    spawn_blocking(|| tracing::info!("blocking")).await.unwrap();
    ended
}

#[test]
fn a_task_that_has_spawned_another_is_not_taken_for_it() {
    let (console, text, dispatch) = subscribed();
    let outer = {
        let source = include_str!("tasks.rs");
        let at = source
            .lines()
            .position(|line| line == "    spawn(async move {");
        u32::try_from(at.unwrap()).unwrap() + 1
    };
    let (nested, blocking) = (outer + 2, outer + 8);
    with_default(&dispatch, || {
        runtime(&dispatch).block_on(async { starts().await.await.unwrap() });
    });
    let shown = console.tasks(4);
    assert_eq!(shown.len(), 4, "{shown:#?}");
    let told = |line: u32| {
        let task = &shown[&line];
        (&task.kind[..], task.polls, task.operations)
    };
    assert_eq!(told(outer), ("task", 2, 0));
    assert_eq!(told(nested), ("task", 5, 2));
    assert_eq!(told(blocking), ("blocking", 2, 0));
    let mut lines: Vec<_> = text.take().lines().map(str::to_owned).collect();
    lines.sort();
    let expected = [
        " INFO starts: blocking",
        " INFO starts: started",
        " INFO starts:annotated: acquired",
        " INFO starts:annotated:inner:native: yielded",
    ];
    assert_eq!(lines, expected);
}
