//! Context that leaves a call: to tasks, threads, closures, spans made elsewhere.
#![deny(warnings)]
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "functions as users write them"
)]

use tracer_runtime::testing::{Capture, capture};
use tracer_runtime::{Context, FutureExt, Link, current_ids, span, traced, wrap};

#[traced]
fn work() {}

#[traced]
async fn later() {
    tokio::task::yield_now().await;
}

fn run(capture: &Capture, future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(capture.run(future));
}

#[test]
fn tasks_and_threads_hang_under_the_span_that_started_them() {
    #[traced]
    async fn parent() {
        let context = Context::current();
        let task = tracer_runtime::spawn(later());
        let blocking = tracer_runtime::spawn_blocking(work);
        let thread = std::thread::spawn(move || {
            let _guard = context.attach();
            work();
        });
        let wrapped = std::thread::spawn(wrap(work));
        let current = tokio::spawn(later().in_current_context());
        let given = tokio::spawn(later().in_context(context));
        task.await.unwrap();
        blocking.await.unwrap();
        thread.join().unwrap();
        wrapped.join().unwrap();
        current.await.unwrap();
        given.await.unwrap();
    }
    let capture = capture();
    run(&capture, parent());
    let tree = capture.tree();
    assert!(tree.starts_with("parent [ok]\n"), "{tree}");
    let under_parent = |name: &str| tree.lines().filter(|line| *line == name).count();
    assert_eq!(under_parent("  later [ok]"), 3, "{tree}");
    assert_eq!(under_parent("  work [ok]"), 3, "{tree}");
}

#[test]
fn a_span_hangs_under_the_span_that_was_current_where_it_was_made() {
    #[traced]
    async fn parent() {
        let made_here = span!("made here", shard = 3);
        let task = tokio::spawn(later().in_span(span!("task")));
        std::thread::spawn(move || {
            let _guard = made_here.enter();
            work();
        })
        .join()
        .unwrap();
        task.await.unwrap();
    }
    let capture = capture();
    run(&capture, parent());
    let mut trees = [
        "  made here [ok] {shard=3}\n    work [ok]\n",
        "  task [ok]\n    later [ok]\n",
    ];
    let tree = capture.tree();
    // Which of them starts first is up to the scheduler.
    if tree.find("task") < tree.find("made here") {
        trees.reverse();
    }
    assert_eq!(tree, format!("parent [ok]\n{}", trees.concat()));
}

#[test]
fn a_span_made_outside_every_span_hangs_where_it_starts() {
    #[traced]
    fn parent(span: tracer_runtime::Span) {
        let _guard = span.enter();
        work();
    }
    let capture = capture();
    parent(span!("early"));
    assert_eq!(capture.tree(), "parent [ok]\n  early [ok]\n    work [ok]\n");
}

#[test]
fn links_are_made_of_contexts_and_ids_and_name_a_span() {
    #[traced(links = [Link::from(context), Link::from(Context::default())])]
    fn linked(context: Context) -> Context {
        context
    }
    #[traced(links = current_ids())]
    fn linked_to_the_current() {}
    #[traced]
    fn parent() {
        linked(Context::current());
        linked_to_the_current();
    }
    let capture = capture();
    parent();
    let spans = capture.spans();
    let of_parent = Link::new(spans[0].trace_id, spans[0].span_id, true);
    assert_eq!(spans[1].links, std::slice::from_ref(&of_parent));
    assert_eq!(spans[2].links, [of_parent]);
}

#[test]
fn an_inner_capture_hides_what_it_sees_from_the_outer() {
    let outer = capture();
    {
        let inner = capture();
        work();
        assert_eq!(inner.tree(), "work [ok]\n");
    }
    assert_eq!(outer.tree(), "");
    work();
    assert_eq!(outer.tree(), "work [ok]\n");
}

#[test]
fn outside_of_every_capture_nothing_is_recorded() {
    #[traced]
    fn unseen() {
        assert_eq!(current_ids(), None);
        assert!(!Context::current().is_valid());
    }
    unseen();
    assert_eq!(capture().tree(), "");
    assert!(!tracer_runtime::metrics::encode().contains("unseen"));
}
