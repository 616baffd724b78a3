//! Spans across `.await`, tasks and threads.

use std::sync::Barrier;

use tracer_runtime::{testing, traced};
use tracing::{Instrument as _, info_span, instrument};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::{spans, subscriber, tree};

#[traced]
async fn outer() {
    middle().await;
    leaf().await;
}

#[instrument]
async fn middle() {
    tokio::task::yield_now().await;
    leaf().await;
    async { leaf().await }.instrument(info_span!("block")).await;
}

#[traced]
async fn leaf() {
    tokio::task::yield_now().await;
}

#[traced]
fn call() {}

/// With the subscriber on its threads: `tracing` closes parents by the subscriber of the thread.
fn runtime(dispatch: &tracing::Dispatch) -> tokio::runtime::Runtime {
    let dispatch = dispatch.clone();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(move || {
            std::mem::forget(tracing::dispatcher::set_default(&dispatch));
        })
        .build()
        .unwrap()
}

#[test]
fn futures_that_wait_keep_their_places() {
    let capture = testing::capture();
    let _default = subscriber().set_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::join!(outer(), middle()) });
    let expected = "\
outer [ok]
  middle [ok]
    leaf [ok]
    block [ok]
      leaf [ok]
  leaf [ok]
middle [ok]
  leaf [ok]
  block [ok]
    leaf [ok]
";
    assert_eq!(capture.tree(), expected);
}

#[test]
fn tasks_that_are_spawned_with_a_span_are_its_children_wherever_they_run() {
    let dispatch = tracing::Dispatch::new(subscriber());
    let capture = testing::capture();
    let runtime = runtime(&dispatch);
    tracing::dispatcher::with_default(&dispatch, || {
        let root = info_span!("root");
        let tasks: Vec<_> = root.in_scope(|| {
            (0..2)
                .map(|_| runtime.spawn(middle().instrument(info_span!("task"))))
                .collect()
        });
        drop(root);
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    let task = "  task [ok]
    middle [ok]
      leaf [ok]
      block [ok]
        leaf [ok]
";
    assert_eq!(capture.tree(), format!("root [ok]\n{task}{task}"));
}

#[test]
fn a_task_that_outlives_an_annotated_root_stays_in_its_trace() {
    let dispatch = tracing::Dispatch::new(subscriber());
    let capture = testing::capture();
    let span = tracing::dispatcher::with_default(&dispatch, || {
        #[traced]
        fn request() -> tracing::Span {
            info_span!("background")
        }
        request()
    });
    std::thread::spawn(move || {
        span.in_scope(call);
        drop(span);
    })
    .join()
    .unwrap();
    assert_eq!(
        capture.tree(),
        "request [ok]\n  background [ok]\n    call [ok]\n"
    );
}

#[test]
fn a_span_that_is_entered_on_several_threads_at_once_has_all_their_calls() {
    let tree = tree(|| {
        let span = info_span!("shared");
        let together = Barrier::new(3);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    span.in_scope(|| {
                        together.wait();
                        call();
                        together.wait();
                    });
                });
            }
        });
        span.in_scope(call);
    });
    assert_eq!(tree, format!("shared [ok]\n{}", "  call [ok]\n".repeat(4)));
}

#[test]
fn what_is_recorded_on_any_thread_is_the_spans() {
    let spans = spans(|| {
        let span = info_span!("shared", late = tracing::field::Empty).entered();
        std::thread::scope(|scope| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let span = tracing::Span::clone(&span);
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    let _entered = span.enter();
                    tracing::info!("from elsewhere");
                    tracer_runtime::record("of", "ours");
                    span.record("late", 7);
                });
            });
        });
    });
    let [span] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(span.events[0].name, "from elsewhere");
    assert_eq!(span.attribute("of"), Some(&"ours".into()));
    assert_eq!(span.attribute("late"), Some(&7.into()));
}

#[test]
fn a_child_of_a_root_that_is_entered_elsewhere_is_in_the_same_trace() {
    let spans = spans(|| {
        let root = info_span!("root").entered();
        std::thread::scope(|scope| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let root = tracing::Span::clone(&root);
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    info_span!(parent: &root, "child").in_scope(call);
                });
            });
        });
    });
    let names: Vec<&str> = spans.iter().map(|span| span.name()).collect();
    assert_eq!(names, ["root", "child", "call"]);
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
    assert_eq!(spans[1].parent_id, spans[0].span_id);
    assert_eq!(spans[2].parent_id, spans[1].span_id);
}

#[test]
fn what_a_span_follows_from_is_a_link() {
    let spans = spans(|| {
        let cause = info_span!(parent: None, "cause");
        let effect = info_span!(parent: None, "effect");
        effect.follows_from(&cause);
    });
    let [cause, effect] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_ne!(cause.trace_id, effect.trace_id);
    let link = &effect.links[0];
    assert_eq!(
        (link.trace_id, link.span_id),
        (cause.trace_id, cause.span_id)
    );
    assert_eq!((effect.links.len(), cause.links.len()), (1, 0));
}

#[test]
fn futures_that_are_dropped_leave_nothing_behind() {
    let tree = tree(|| {
        let mut future = Box::pin(middle());
        let waker = std::task::Waker::noop();
        let mut task = std::task::Context::from_waker(waker);
        assert!(future.as_mut().poll(&mut task).is_pending());
        drop(future);
        call();
    });
    assert_eq!(tree, "middle [ok]\ncall [ok]\n");
}

#[test]
fn a_task_of_ours_is_below_the_span_that_has_spawned_it_whoever_made_that() {
    #[traced]
    async fn request() {
        let task = tracer_runtime::spawn(middle());
        let between = info_span!("between");
        let inside = between.in_scope(|| tracer_runtime::spawn(middle()));
        drop(between);
        task.await.unwrap();
        inside.await.unwrap();
    }
    let capture = testing::capture();
    let _default = subscriber().set_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::join!(request(), request()) });
    let middle = |depth: usize| {
        let indent = "  ".repeat(depth);
        ["middle", "  leaf", "  block", "    leaf"].map(|line| format!("{indent}{line} [ok]\n"))
    };
    let one = format!(
        "request [ok]\n  between [ok]\n{}{}",
        middle(2).concat(),
        middle(1).concat()
    );
    assert_eq!(capture.tree(), format!("{one}{one}"));
}

#[test]
fn a_task_of_ours_on_another_thread_is_below_a_root_of_tracing() {
    let dispatch = tracing::Dispatch::new(subscriber());
    let capture = testing::capture();
    let runtime = runtime(&dispatch);
    tracing::dispatcher::with_default(&dispatch, || {
        let _in_runtime = runtime.enter();
        let tasks = info_span!("root").in_scope(|| {
            [
                tracer_runtime::spawn(middle()),
                tracer_runtime::spawn(middle()),
            ]
        });
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    let middle = "  middle [ok]\n    leaf [ok]\n    block [ok]\n      leaf [ok]\n";
    assert_eq!(capture.tree(), format!("root [ok]\n{middle}{middle}"));
}
