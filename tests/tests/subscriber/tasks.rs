//! Work that goes on in another task or thread hangs where it was sent from.

use std::pin::Pin;
use std::thread;

use tracer_runtime::{Context, FutureExt as _, spawn, spawn_blocking, testing, traced, wrap};
use tracing::dispatcher::{self, with_default};
use tracing::{Dispatch, Instrument as _, info, info_span, instrument};
use tracing_mock::{expect, subscriber};

use crate::witness::{Pending, Text, block_on, check, lines, poll, without_times, written};

#[traced]
fn annotated() {
    info!("annotated");
}

#[instrument]
async fn instrumented() {
    tokio::task::yield_now().await;
    info!("instrumented");
    annotated();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

/// The lines of events, by what they hang under.
fn events(call: impl FnOnce()) -> Vec<String> {
    let is_event = |line: &&str| !line.ends_with(": new") && !line.ends_with(": close");
    let lines = written(call);
    let lines = lines.lines().filter(is_event);
    lines
        .map(|line| line.replace(" subscriber::tasks:", "").trim().to_owned())
        .collect()
}

#[test]
fn a_task_hangs_under_the_function_that_has_spawned_it() {
    #[traced]
    async fn spawns() {
        let task = spawn(async {
            info!("in the task");
            info_span!("native").in_scope(|| info!("in a span"));
            instrumented().await;
        });
        task.await.unwrap();
    }
    let call = || {
        let seen = events(|| runtime().block_on(spawns()));
        assert_eq!(
            seen,
            [
                "INFO spawns: in the task",
                "INFO spawns:native: in a span",
                "INFO spawns:instrumented: instrumented",
                "INFO spawns:instrumented:annotated: annotated",
            ]
        );
    };
    // Whether it is recorded or not.
    call();
    let capture = testing::capture();
    call();
    assert_eq!(capture.tree(), "spawns [ok]\n  annotated [ok]\n");
}

#[test]
fn a_task_hangs_under_the_innermost_span_whoever_made_it() {
    #[traced]
    async fn spawns() {
        let task = info_span!("between").in_scope(|| spawn(instrumented()));
        task.await.unwrap();
        annotated();
    }
    let call = || {
        let seen = events(|| runtime().block_on(spawns()));
        assert_eq!(
            seen,
            [
                "INFO spawns:between:instrumented: instrumented",
                "INFO spawns:between:instrumented:annotated: annotated",
                "INFO spawns:annotated: annotated",
            ]
        );
    };
    call();
    let _capture = testing::capture();
    call();
}

/// What the subscriber of `tracing`'s own adapter is told, it is told by ours.
#[test]
fn a_future_enters_and_leaves_as_instrument_in_current_span_does() {
    type Task = Pin<Box<dyn Future<Output = ()>>>;

    struct Tells;
    impl Drop for Tells {
        fn drop(&mut self) {
            info!("dropped");
        }
    }
    async fn task() {
        let _tells = Tells;
        Pending(5).await;
    }
    let told = |carry: fn() -> Task| {
        let span = expect::span().named("sends");
        let mut mock = subscriber::mock()
            .new_span(span.clone())
            .enter(span.clone())
            .clone_span(span.clone())
            .exit(span.clone())
            // The reference of whoever made it.
            .drop_span(span.clone());
        for _ in 0..2 {
            mock = mock.enter(span.clone()).exit(span.clone());
        }
        mock = mock
            .enter(span.clone())
            .event(expect::event())
            .exit(span.clone())
            .drop_span(span);
        check(mock.only(), || {
            let mut task = info_span!("sends").in_scope(carry);
            assert!(poll(task.as_mut()).is_pending());
            assert!(poll(task.as_mut()).is_pending());
        });
    };
    told(|| Box::pin(task().in_current_span()));
    told(|| Box::pin(task().in_current_context()));
}

#[test]
fn threads_and_blocking_tasks_hang_where_they_were_sent_from() {
    #[traced]
    async fn sends() {
        let dispatch = dispatcher::get_default(Dispatch::clone);
        let there = move || {
            let _default = dispatcher::set_default(&dispatch);
            info_span!("there").in_scope(annotated);
        };
        let blocking = spawn_blocking(there.clone());
        blocking.await.unwrap();
        thread::spawn(wrap(there)).join().unwrap();
    }
    let seen = events(|| runtime().block_on(sends()));
    assert_eq!(seen, ["INFO sends:there:annotated: annotated"; 2]);
}

#[test]
fn a_thread_without_a_subscriber_leaves_nothing_open() {
    let text = Text::default();
    let dispatch = Dispatch::new(lines(&text));
    #[traced]
    fn sends() {
        thread::spawn(wrap(|| info!("nobody sees it")))
            .join()
            .unwrap();
    }
    with_default(&dispatch, sends);
    let seen = without_times(&text.take());
    let expected = " INFO sends: subscriber::tasks: new\n INFO sends: subscriber::tasks: close\n";
    assert_eq!(seen, expected);
}

#[test]
fn the_span_is_open_until_the_task_is_dropped() {
    #[traced]
    fn makes() -> impl Future<Output = ()> {
        async { info!("polled") }.in_current_context()
    }
    let seen = written(|| {
        let task = makes();
        info!("made");
        block_on(task);
        drop(makes());
        drop(wrap(annotated));
        info!("last");
    });
    let seen: Vec<_> = seen
        .lines()
        .map(|line| line.replace(" subscriber::tasks:", "").trim().to_owned())
        .collect();
    let expected = [
        "INFO makes: new",
        "INFO made",
        "INFO makes: polled",
        "INFO makes: close",
        "INFO makes: new",
        "INFO makes: close",
        "INFO last",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn what_runs_in_a_context_hangs_under_its_span() {
    #[traced]
    fn gives() {
        let context = Context::current();
        let dispatch = dispatcher::get_default(Dispatch::clone);
        thread::scope(|scope| {
            scope.spawn(|| with_default(&dispatch, || elsewhere(context)));
        });
    }
    #[traced]
    fn elsewhere(context: Context) {
        block_on(instrumented_once().in_context(context));
        {
            let _attached = context.attach();
            info!("attached");
            annotated();
        }
        info!("detached");
    }
    #[instrument]
    async fn instrumented_once() {
        info!("inside");
    }
    let _capture = testing::capture();
    assert_eq!(
        events(gives),
        [
            "INFO gives:instrumented_once: inside",
            "INFO gives: attached",
            "INFO gives:annotated: annotated",
            "INFO elsewhere: detached",
        ]
    );
}

#[test]
fn a_subscriber_that_comes_after_the_task_was_made_sees_it_as_a_root() {
    #[traced]
    fn makes() -> impl Future<Output = ()> {
        async { annotated() }.in_current_context()
    }
    let task = makes();
    assert_eq!(events(|| block_on(task)), ["INFO annotated: annotated"]);
}
