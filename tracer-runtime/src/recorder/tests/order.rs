//! Guards that end in the wrong order, are held across an await, stashed away or forgotten.

use std::cell::RefCell;

use super::*;
use crate::recorder::account::DropReason;

#[test]
fn a_call_that_outlives_its_root_is_counted_as_misnested() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let child = enter(site!("child"));
    failed(root);
    ok(child);
    call(site!("after"));
    assert_eq!(recorder.kept(), [["root"]]);
    assert_eq!(recorder.totals().dropped(DropReason::Misnested), 1);
    assert_idle();
    recorder.accounts_for(3);
}

#[test]
fn an_outer_root_that_ends_first_is_kept_whole() {
    let recorder = Recorder::new();
    let outer = enter_root(site!("outer"));
    let inner = enter_root(site!("inner"));
    failed(outer);
    call(site!("in inner"));
    failed(inner);
    fail(site!("after"));
    assert_eq!(
        recorder.kept(),
        [vec!["outer"], vec!["in inner", "inner"], vec!["after"]]
    );
    recorder.accounts_for(4);
}

#[test]
fn siblings_may_end_in_any_order() {
    let recorder = Recorder::new();
    let root = enter(site!("root"));
    let first = enter(site!("first"));
    let second = enter(site!("second"));
    ok(first);
    ok(second);
    failed(root);
    assert_eq!(recorder.kept(), [["first", "second", "root"]]);
    assert_idle();
    recorder.accounts_for(3);
}

#[test]
fn a_guard_held_across_an_await_makes_others_orphans_not_its_children() {
    let recorder = Recorder::new();
    let mut holder: LocalTask = Box::pin(async {
        let guard = enter(site!("held"));
        pause().await;
        failed(guard);
    });
    let mut other: LocalTask = Box::pin(failing(site!("other"), async {
        pause().await;
        call(site!("in other"));
    }));
    assert!(poll(&mut holder).is_pending());
    assert!(poll(&mut other).is_pending());
    assert!(poll(&mut holder).is_ready());
    assert!(poll(&mut other).is_ready());
    assert_eq!(recorder.kept(), [vec!["held"], vec!["in other", "other"]]);
    assert_eq!(recorder.totals().orphans, 1);
    assert_idle();
    recorder.accounts_for(3);
}

#[test]
fn a_root_guard_held_across_an_await_is_healed_at_the_end_of_the_poll() {
    let recorder = Recorder::new();
    let mut task: LocalTask = Box::pin(failing(site!("task"), async {
        let held = enter_root(site!("held"));
        pause().await;
        call(site!("in task"));
        ok(held);
        call(site!("later"));
    }));
    assert!(poll(&mut task).is_pending());
    assert_idle();
    fail(site!("bystander"));
    assert!(poll(&mut task).is_ready());
    assert_eq!(
        recorder.kept(),
        [vec!["bystander"], vec!["in task", "later", "task"]]
    );
    assert_eq!(recorder.totals().healed, 1);
    assert_eq!(recorder.totals().dropped(DropReason::Misnested), 1);
    recorder.accounts_for(5);
}

#[test]
fn guards_forgotten_in_a_poll_are_healed() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(failing(site!("task"), async {
        std::mem::forget(enter_root(site!("forgotten root")));
        std::mem::forget(enter(site!("forgotten child")));
    }));
    assert!(poll(&mut task).is_ready());
    assert_idle();
    fail(site!("after"));
    assert_eq!(recorder.kept(), [["task"], ["after"]]);
    assert_eq!(recorder.totals().healed, 1);
    recorder.accounts_for(2);
}

thread_local! {
    static STASH: RefCell<Vec<Guard>> = const { RefCell::new(Vec::new()) };
}

fn stash(guard: Guard) {
    STASH.with(|stash| stash.borrow_mut().push(guard));
}

fn unstash() -> Option<Guard> {
    STASH.with(|stash| stash.borrow_mut().pop())
}

#[test]
fn a_guard_dropped_inside_a_strangers_poll_does_not_touch_its_trace() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(failing(site!("task"), async {
        pause().await;
        drop(unstash());
        pause().await;
        for _ in 0..MANY {
            call(site!("work"));
        }
    }));
    assert!(poll(&mut task).is_pending());
    stash(enter(site!("stashed")));
    assert!(poll(&mut task).is_pending());
    assert_idle();
    let elsewhere = recorder.spawn(move || finish(&mut task));
    let other = enter(site!("other"));
    for _ in 0..MANY {
        call(site!("else"));
    }
    failed(other);
    elsewhere.join().unwrap();
    let kept = recorder.kept();
    let of = |name: &str| kept.iter().find(|n| n.last() == Some(&name)).unwrap();
    assert!(!of("task").contains(&"else"));
    assert!(!of("other").contains(&"work"));
    // The forgotten end of the stashed guard is a panic: kept, alone.
    assert_eq!(of("stashed"), &["stashed"]);
    recorder.accounts_for(3 + 2 * MANY as u64);
}

#[test]
fn guards_carried_out_of_a_poll_find_nothing_of_it() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(failing(site!("task"), async {
        stash(enter(site!("child")));
        stash(enter_root(site!("own trace")));
        stash(enter(site!("grandchild")));
        pause().await;
        for _ in 0..MANY {
            call(site!("work"));
        }
    }));
    assert!(poll(&mut task).is_pending());
    assert_idle();
    let elsewhere = recorder.spawn(move || finish(&mut task));
    while let Some(guard) = unstash() {
        drop(guard);
        call(site!("else"));
    }
    for _ in 0..MANY {
        call(site!("else"));
    }
    elsewhere.join().unwrap();
    let kept = recorder.kept();
    assert!(
        kept.iter()
            .all(|n| !(n.contains(&"work") && n.contains(&"else")))
    );
    assert_eq!(recorder.totals().dropped(DropReason::Misnested), 3);
    recorder.accounts_for(4 + 3 + 2 * MANY as u64);
}

#[test]
fn a_root_whose_outer_guards_end_inside_its_poll_still_gets_its_fragment_back() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(traced_root(site!("task"), async {
        while let Some(guard) = unstash() {
            ok(guard);
        }
        std::mem::forget(enter_root(site!("forgotten")));
        pause().await;
        call(site!("work"));
    }));
    stash(enter_root(site!("one")));
    stash(enter_root(site!("two")));
    assert!(poll(&mut task).is_pending());
    assert_idle();
    recorder.elsewhere(move || finish(&mut task));
    assert_eq!(recorder.kept(), [["work", "task"]]);
    recorder.accounts_for(4);
}

#[test]
fn a_child_whose_root_ends_inside_its_poll_leaves_no_parent_behind() {
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    let mut child: Task = Box::pin(traced(site!("child"), async {
        ok(unstash().unwrap());
        pause().await;
    }));
    stash(enter(site!("root")));
    assert!(poll(&mut child).is_pending());
    assert_idle();
    call(site!("next"));
    drop(child);
    let fragments = recorder.fragments();
    let next = fragments.iter().find(|f| names(f) == ["next"]).unwrap();
    assert!(next.spans().all(|s| !s.record.parent.is_valid()));
    recorder.accounts_for(3);
}

/// An asynchronous call in a trace of its own that fails.
fn traced_root<F: Future>(site: &'static Callsite, future: F) -> Traced<F, Fails> {
    crate::span::future::traced_at(site, Start::root(), future, Fails)
}

#[test]
fn guards_do_not_leave_their_thread() {
    /// Which of the two is meant is open, and does not compile, for a type that is `Send`.
    trait StaysHere<Which> {
        fn stays() {}
    }
    impl<T: ?Sized> StaysHere<()> for T {}
    impl<T: ?Sized + Send> StaysHere<u8> for T {}
    <Guard as StaysHere<_>>::stays();
    <crate::SpanGuard as StaysHere<_>>::stays();
    <crate::ContextGuard as StaysHere<_>>::stays();
}

#[test]
fn small_and_large_traces_are_handed_over_in_the_order_of_their_ends() {
    let recorder = Recorder::new();
    let mut expected = Vec::new();
    for calls in [0, 100, 3, 1, 200, 8, 9, 0] {
        let root = enter(site!("root"));
        (0..calls).for_each(|_| call(site!("call")));
        failed(root);
        expected.push(calls + 1);
    }
    let kept = recorder.kept();
    let lengths: Vec<_> = kept.iter().map(Vec::len).collect();
    assert_eq!(lengths, expected);
    recorder.accounts_for(expected.iter().sum::<usize>() as u64);
}
