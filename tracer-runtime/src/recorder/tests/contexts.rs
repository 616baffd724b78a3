//! Contexts that outlive their trace, tasks that outlive their root, and who decides for whom.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::*;
use crate::context::Remote;
use crate::recorder::slot::SLAB;
use crate::span::context::Context;
use crate::span::future::traced_at;
use crate::span::task::{FutureExt, wrap};

#[test]
fn a_task_follows_its_root_and_a_late_one_decides_for_itself() {
    let recorder = Recorder::new();
    let mut calls = 0;
    for (root_fails, task_fails, task_first, kept) in [
        (true, false, true, 2),
        (true, false, false, 2),
        (false, true, true, 2),
        (false, true, false, 1),
        (false, false, true, 0),
        (false, false, false, 0),
    ] {
        let given: Arc<Mutex<Option<Task>>> = Arc::default();
        let give = given.clone();
        let body = async move {
            let task: Task = match task_fails {
                true => Box::pin(failing(site!("task"), pause()).in_current_context()),
                false => Box::pin(traced(site!("task"), pause()).in_current_context()),
            };
            *give.lock().unwrap() = Some(task);
            pause().await;
        };
        let mut root: Task = match root_fails {
            true => Box::pin(failing(site!("root"), body)),
            false => Box::pin(traced(site!("root"), body)),
        };
        assert!(poll(&mut root).is_pending());
        let mut task = given.lock().unwrap().take().unwrap();
        let mut task = recorder.elsewhere(move || {
            assert!(poll(&mut task).is_pending());
            if task_first {
                finish(&mut task);
                return None;
            }
            Some(task)
        });
        finish(&mut root);
        if let Some(task) = &mut task {
            finish(task);
        }
        let fragments = recorder.fragments();
        let case = (root_fails, task_fails, task_first);
        assert_eq!(fragments.len(), kept, "{case:?}");
        assert!(fragments.iter().all(|f| f.partial == (kept == 1)));
        calls += 2;
        recorder.accounts_for(calls);
    }
    assert_eq!(recorder.totals().late, 1);
}

#[test]
fn a_task_of_a_sampled_trace_does_not_wait_for_its_root() {
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    let root = enter(site!("root"));
    let mut task: Task = Box::pin(traced(site!("task"), async {}).in_current_context());
    finish(&mut task);
    assert_eq!(recorder.kept(), [["task"]]);
    ok(root);
    let fragments = recorder.fragments();
    assert!(fragments.iter().all(|f| !f.partial));
    recorder.accounts_for(2);
}

#[test]
fn tasks_of_tasks_follow_the_same_root() {
    let recorder = Recorder::new();
    let mut root: Task = Box::pin(traced(site!("root"), async {
        let inner = async {
            let mut grandchild: Task =
                Box::pin(failing(site!("grandchild"), async {}).in_current_context());
            finish(&mut grandchild);
        };
        let mut child: Task = Box::pin(traced(site!("child"), inner).in_current_context());
        finish(&mut child);
    }));
    finish(&mut root);
    let fragments = recorder.fragments();
    let kept: Vec<_> = fragments.iter().flat_map(|f| names(f)).collect();
    assert_eq!(kept, ["grandchild", "child", "root"]);
    assert!(fragments.iter().all(|f| f.trace == fragments[0].trace));
    recorder.accounts_for(3);
}

#[test]
fn a_stale_context_is_a_remote_parent_whatever_uses_its_slot_now() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let stale = Context::current();
    ok(root);
    assert!(stale.handle().unwrap().upgrade().is_none());
    let reuses_the_slot = enter(site!("other"));
    let other = Context::current();
    let at = Start::parent(stale);
    let mut task: Task = Box::pin(traced_at(site!("stale"), at, async {}, Fails));
    finish(&mut task);
    let fragments = recorder.fragments();
    assert_eq!(fragments.len(), 1);
    assert_eq!(fragments[0].trace, stale.trace_id());
    assert_ne!(fragments[0].trace, other.trace_id());
    let span = fragments[0].spans().next().unwrap();
    assert_eq!(span.record.parent, stale.span_id());
    assert!(span.parent_is_remote);
    ok(reuses_the_slot);
    assert!(recorder.kept().is_empty());
    recorder.accounts_for(3);
}

#[test]
fn stale_contexts_race_with_the_ends_of_roots_in_bounded_slots() {
    let recorder = Recorder::new();
    let stop = Arc::new(AtomicBool::new(false));
    let current: Arc<Mutex<Context>> = Arc::default();
    let race = |stop: Arc<AtomicBool>, current: Arc<Mutex<Context>>| {
        move || {
            let mut calls = 0;
            while !stop.load(Relaxed) {
                let context = *current.lock().unwrap();
                if context.is_valid() {
                    let at = Start::parent(context);
                    let mut task: Task = Box::pin(traced_at(
                        site!("task"),
                        at,
                        async { call(site!("call")) },
                        Fails,
                    ));
                    finish(&mut task);
                    calls += 2;
                }
                thread::yield_now();
            }
            calls
        }
    };
    let threads: Vec<_> = (0..2)
        .map(|_| recorder.spawn(race(stop.clone(), current.clone())))
        .collect();
    let roots = MANY as u64;
    for _ in 0..roots {
        let root = enter(site!("root"));
        *current.lock().unwrap() = Context::current();
        call(site!("work"));
        ok(root);
    }
    stop.store(true, Relaxed);
    let tasks: u64 = threads.into_iter().map(|t| t.join().unwrap()).sum();
    // One for each trace that is shared at one time: here and in the tests beside this one.
    assert!(SLAB.len() < 500, "{} slots", SLAB.len());
    recorder.accounts_for(2 * roots + tasks);
}

#[test]
fn a_context_guard_dropped_out_of_order_takes_its_own_records_only() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let context = Context::current();
    recorder.elsewhere(move || {
        let attached = context.attach();
        call(site!("under it"));
        let own = enter_root(site!("own"));
        drop(attached);
        call(site!("in own"));
        failed(own);
        assert_idle();
    });
    failed(root);
    assert_eq!(
        recorder.kept(),
        [vec!["in own", "own"], vec!["under it"], vec!["root"]]
    );
    recorder.accounts_for(4);
}

#[test]
fn a_context_guard_held_across_an_await_ends_with_the_poll() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let context = Context::current();
    let mut task: LocalTask = Box::pin(
        traced(site!("task"), async move {
            let _attached = context.attach();
            call(site!("attached"));
            pause().await;
            call(site!("in task"));
        })
        .in_context(context),
    );
    assert!(poll(&mut task).is_pending());
    call(site!("in root"));
    finish(&mut task);
    failed(root);
    let mut kept = recorder.kept();
    kept.sort();
    assert_eq!(
        kept,
        [
            vec!["attached"],
            vec!["in root", "root"],
            vec!["in task", "task"]
        ]
    );
    recorder.accounts_for(5);
}

#[test]
fn a_wrapped_closure_that_never_runs_releases_its_trace() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let context = Context::current();
    let never = wrap(|| call(site!("never")));
    ok(root);
    assert!(context.handle().unwrap().upgrade().is_some());
    drop(never);
    assert!(context.handle().unwrap().upgrade().is_none());
    recorder.accounts_for(1);
}

#[test]
fn a_trace_from_elsewhere_belongs_to_the_recorder_of_the_thread_that_continues_it() {
    let recorder = Recorder::new();
    let remote = Remote::new(crate::TraceId([1, 2]), crate::SpanId(3), 1);
    ok(enter_at(site!("server"), Start::remote(Some(remote))));
    let fragments = recorder.fragments();
    assert_eq!(names(&fragments[0]), ["server"]);
    assert!(
        fragments[0]
            .spans()
            .all(|s| s.parent_is_remote && s.sampled)
    );
    recorder.accounts_for(1);
}

#[test]
fn every_part_of_a_long_trace_passes_on_the_state_that_came_with_it() {
    let recorder = Recorder::new();
    let remote =
        Remote::new(crate::TraceId([1, 2]), crate::SpanId(3), 1).with_tracestate("vendor=1");
    let server = enter_at(site!("server"), Start::remote(Some(remote)));
    let calls = crate::recorder::fragment::MAX_RECORDS + 1;
    for _ in 0..calls {
        call(site!("call"));
    }
    ok(server);
    let fragments = recorder.fragments();
    assert_eq!(fragments.len(), 2);
    let states = fragments.iter().map(|f| f.tracestate());
    assert!(states.eq([Some("vendor=1"); 2]));
    recorder.accounts_for(calls as u64 + 1);
}

#[test]
fn a_capture_sees_requests_whose_trace_began_elsewhere() {
    use crate::recorder::live::Live;
    let pipeline = Arc::new(Pipeline::private(Some(Live::default())));
    captures::register(&pipeline);
    {
        let _seat = Seat::take(&pipeline);
        let remote = Remote::new(crate::TraceId([4, 5]), crate::SpanId(6), 0);
        ok(enter_at(site!("server"), Start::remote(Some(remote))));
    }
    let spans = pipeline.live.as_ref().unwrap().spans();
    captures::unregister(&pipeline);
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].callsite.name, "server");
}
