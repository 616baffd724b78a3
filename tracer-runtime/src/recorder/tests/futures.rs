//! Futures that move, leak, are cancelled, or are polled where they do not belong.

use std::sync::{Mutex, mpsc};

use super::*;
use crate::record::CallOutcome;
use crate::recorder::fragment::MAX_RECORDS;

#[test]
fn a_root_that_is_leaked_midway_leaves_the_thread_clean() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(traced(site!("leaked"), pause()));
    assert!(poll(&mut task).is_pending());
    std::mem::forget(task);
    fail(site!("after"));
    assert_eq!(recorder.kept(), [["after"]]);
    recorder.accounts_for(1);
}

#[test]
fn a_root_moves_between_threads_with_its_records() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(failing(site!("root"), async {
        for _ in 0..5 {
            call(site!("call"));
            traced(site!("async call"), pause()).await;
        }
    }));
    for _ in 0..6 {
        task = recorder.elsewhere(move || {
            let _ = poll(&mut task);
            task
        });
    }
    assert_eq!(recorder.kept()[0].len(), 11);
    recorder.accounts_for(11);
}

#[test]
fn a_child_polled_beside_its_parent_becomes_an_orphan_and_stays_one() {
    let recorder = Recorder::new();
    let (give, taken) = mpsc::channel::<Task>();
    let (give_back, back) = mpsc::channel::<Task>();
    let elsewhere = recorder.spawn(move || {
        let mut child = taken.recv().unwrap();
        for _ in 0..MANY {
            let _ = poll(&mut child);
        }
        give_back.send(child).unwrap();
    });
    let mut root: Task = Box::pin(failing(site!("root"), async move {
        let mut child: Task = Box::pin(traced(site!("child"), async {
            loop {
                call(site!("grandchild"));
                pause().await;
            }
        }));
        assert!(poll(&mut child).is_pending());
        give.send(child).unwrap();
        for _ in 0..MANY {
            call(site!("work"));
        }
        let mut child = back.recv().unwrap();
        assert!(poll(&mut child).is_pending());
    }));
    assert!(poll(&mut root).is_ready());
    elsewhere.join().unwrap();
    let kept = recorder.kept();
    assert_eq!(kept.len(), 1);
    assert!(kept[0].len() == MANY + 2 || MANY > MAX_RECORDS);
    assert_eq!(kept[0].iter().filter(|n| **n == "grandchild").count(), 1);
    assert_eq!(recorder.totals().orphans, 1);
    // The root, the child, the work, and a grandchild a poll.
    recorder.accounts_for(2 + MANY as u64 + MANY as u64 + 2);
}

#[test]
fn a_child_that_outlives_its_root_ends_as_an_orphan_of_the_same_trace() {
    let recorder = Recorder::new();
    let child: Task = Box::pin(traced(site!("child"), async {
        pause().await;
        pause().await;
        fail(site!("late"));
    }));
    let shared = Arc::new(Mutex::new(child));
    let first = shared.clone();
    let mut one: Task = Box::pin(failing(site!("one"), async move {
        let _ = poll(&mut first.lock().unwrap());
    }));
    assert!(poll(&mut one).is_ready());
    drop(one);
    let mut two: Task = Box::pin(failing(site!("two"), async move {
        for _ in 0..2 {
            let _ = poll(&mut shared.lock().unwrap());
        }
    }));
    assert!(poll(&mut two).is_ready());
    let fragments = recorder.fragments();
    let kept: Vec<_> = fragments.iter().map(|f| names(f)).collect();
    assert_eq!(kept, [vec!["one"], vec!["late", "child"], vec!["two"]]);
    assert!(fragments[1].partial);
    assert_eq!(fragments[1].trace, fragments[0].trace);
    recorder.accounts_for(4);
}

#[test]
fn an_orphan_of_a_sampled_trace_is_kept_as_the_trace_is() {
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    let mut child: Task = Box::pin(traced(site!("child"), pause()));
    let root = enter(site!("root"));
    assert!(poll(&mut child).is_pending());
    ok(root);
    finish(&mut child);
    assert_eq!(recorder.kept(), [["root"], ["child"]]);
    recorder.accounts_for(2);
}

#[test]
fn an_orphan_of_a_trace_that_began_elsewhere_is_sampled_as_it_was_there() {
    for (sampler, flags) in [(Sampler::always_off(), 1), (Sampler::always_on(), 0)] {
        let recorder = Recorder::with(sampler, Keep::nothing());
        let remote = crate::context::Remote::new(crate::TraceId([7, 8]), crate::SpanId(9), flags);
        // In the server's own fragment, and in one of a task of it.
        let mut child: Task = Box::pin(traced(site!("child"), pause()));
        let mut of_task: Task = Box::pin(traced(site!("of task"), pause()));
        let server = enter_at(site!("server"), Start::remote(Some(remote)));
        assert!(poll(&mut child).is_pending());
        let attached = crate::span::context::Context::current().attach();
        assert!(poll(&mut of_task).is_pending());
        drop(attached);
        ok(server);
        finish(&mut child);
        finish(&mut of_task);
        let kept: Vec<_> = recorder.kept().concat();
        match flags {
            1 => assert_eq!(kept, ["server", "child", "of task"]),
            _ => assert!(kept.is_empty(), "{kept:?}"),
        }
        assert_eq!(recorder.totals().orphans, 2);
        recorder.accounts_for(3);
    }
}

#[test]
fn an_orphan_of_a_capture_that_is_gone_is_recorded_nowhere() {
    let recorder = Recorder::new();
    let mut root: Task = Box::pin(failing(site!("root"), async {}));
    let mut child: Task = Box::pin(failing(site!("child"), async {
        pause().await;
        assert!(!crate::span::inside::recording());
    }));
    {
        let _root = enter(site!("guard"));
        assert!(poll(&mut child).is_pending());
    }
    assert!(poll(&mut root).is_ready());
    recorder.accounts_for(2);
    drop(recorder);
    assert!(poll(&mut child).is_ready());
    let stranger = Recorder::new();
    stranger.accounts_for(0);
}

#[test]
fn roots_polled_inside_roots_keep_apart() {
    let recorder = Recorder::new();
    let mut inner: Task = Box::pin(failing(site!("inner"), async {
        for _ in 0..2 {
            call(site!("x"));
            pause().await;
        }
        call(site!("x"));
    }));
    assert!(poll(&mut inner).is_pending());
    let mut outer: Task = Box::pin(failing(site!("outer"), async move {
        call(site!("p"));
        let _ = poll(&mut inner);
        call(site!("p"));
        let _ = poll(&mut inner);
        call(site!("p"));
    }));
    assert!(poll(&mut outer).is_ready());
    assert_eq!(
        recorder.kept(),
        [["x", "x", "x", "inner"], ["p", "p", "p", "outer"]]
    );
    recorder.accounts_for(8);
}

#[test]
fn an_async_call_polled_under_a_sync_root_is_its_child() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let mut child: Task = Box::pin(traced(site!("child"), pause()));
    finish(&mut child);
    failed(root);
    assert_eq!(recorder.kept(), [["child", "root"]]);
    recorder.accounts_for(2);
}

#[test]
fn cancelled_children_land_in_their_root() {
    let recorder = Recorder::new();
    let mut root: Task = Box::pin(traced(site!("root"), async {
        fail(site!("error"));
        traced(site!("child"), pause()).await;
    }));
    assert!(poll(&mut root).is_pending());
    drop(root);
    let fragments = recorder.fragments();
    assert_eq!(names(&fragments[0]), ["error", "child", "root"]);
    let outcomes: Vec<_> = fragments[0].spans().map(|s| s.record.outcome).collect();
    use CallOutcome::{Cancelled, Error};
    assert_eq!(outcomes, [Error, Cancelled, Cancelled]);
    recorder.accounts_for(3);
}

#[test]
fn a_future_that_was_never_polled_makes_no_record() {
    let recorder = Recorder::new();
    drop(failing(site!("never"), pause()));
    recorder.accounts_for(0);
}

#[test]
fn recursion_nests_without_limit() {
    fn descend(levels: u32) -> Task<u32> {
        Box::pin(traced(site!("level"), async move {
            if levels == 0 {
                return 0;
            }
            pause().await;
            1 + descend(levels - 1).await
        }))
    }
    let recorder = Recorder::new();
    let mut top: Task<u32> = Box::pin(failing(site!("top"), descend(30)));
    assert_eq!(finish(&mut top), 30);
    assert_eq!(recorder.kept()[0].len(), 32);
    recorder.accounts_for(32);
}

#[test]
fn a_traced_future_is_as_send_as_the_future_in_it_and_little_larger() {
    fn send<T: Send>() {}
    fn anywhere<T: Send + Sync + Copy + 'static>() {}
    send::<Traced<Task>>();
    send::<crate::InContext<Task>>();
    send::<crate::Span>();
    anywhere::<crate::Context>();
    let grown = |with: usize, without: usize| assert!(with - without <= 64, "{with} {without}");
    grown(size_of::<Traced<Task>>(), size_of::<Task>());
    grown(size_of::<Traced<[u8; 1000]>>(), 1000);
    grown(size_of::<Traced<[u64; 100], Fails>>(), 800);
}
