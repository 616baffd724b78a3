//! Threads that end with calls open, and calls in thread-local destructors.

use std::cell::RefCell;

use super::*;
use crate::recorder::account::DropReason;
use crate::recorder::fragment::MAX_RECORDS;

/// A thread of the recorder until its very end, so that its destructors are accounted for here too.
pub(super) fn to_its_end(recorder: &Recorder, f: impl FnOnce() + Send + 'static) {
    let pipeline = recorder.pipeline.clone();
    let thread = thread::spawn(move || {
        captures::enter(pipeline);
        f();
    });
    thread.join().unwrap();
}

struct CallsAtExit;

impl Drop for CallsAtExit {
    fn drop(&mut self) {
        for _ in 0..3 {
            fail(site!("sync"));
        }
        let mut task: Task = Box::pin(failing(site!("async"), pause()));
        finish(&mut task);
    }
}

thread_local! {
    static AT_EXIT: CallsAtExit = const { CallsAtExit };
    static OPEN: RefCell<Option<Guard>> = const { RefCell::new(None) };
}

#[test]
fn calls_in_destructors_before_the_recorders_own_are_recorded() {
    let recorder = Recorder::new();
    to_its_end(&recorder, || {
        call(site!("body"));
        AT_EXIT.with(|_| ());
    });
    assert_eq!(recorder.kept(), [["sync"], ["sync"], ["sync"], ["async"]]);
    recorder.accounts_for(5);
}

#[test]
fn calls_in_destructors_after_the_recorders_own_are_counted() {
    let recorder = Recorder::new();
    to_its_end(&recorder, || {
        AT_EXIT.with(|_| ());
        call(site!("body"));
    });
    assert_eq!(recorder.kept(), Vec::<Vec<&str>>::new());
    assert_eq!(recorder.totals().dropped(DropReason::ThreadExit), 4);
    recorder.accounts_for(5);
}

#[test]
fn a_guard_that_is_open_when_its_thread_ends_ends_there() {
    for guard_first in [false, true] {
        let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
        to_its_end(&recorder, move || {
            if guard_first {
                OPEN.with(|_| ());
            }
            let root = enter(site!("open"));
            call(site!("child"));
            OPEN.with(|open| *open.borrow_mut() = Some(root));
        });
        let lost = recorder.totals().dropped(DropReason::ThreadExit);
        assert_eq!(lost, u64::from(guard_first));
        assert_eq!(recorder.totals().healed, u64::from(guard_first));
        let kept = recorder.kept();
        assert_eq!(kept[0].len(), 2 - usize::from(guard_first), "{kept:?}");
        recorder.accounts_for(2);
    }
}

#[test]
fn a_future_begun_on_a_thread_that_is_gone_goes_on() {
    let recorder = Recorder::new();
    let mut task = recorder.elsewhere(|| {
        let mut task: Task = Box::pin(failing(site!("root"), async {
            call(site!("before"));
            pause().await;
            call(site!("after"));
        }));
        assert!(poll(&mut task).is_pending());
        task
    });
    finish(&mut task);
    assert_eq!(recorder.kept(), [["before", "after", "root"]]);
    recorder.accounts_for(3);
}

#[test]
fn a_forgotten_root_on_a_bare_thread_holds_bounded_records() {
    let calls = MAX_RECORDS + 40;
    let recorder = Recorder::new();
    recorder.elsewhere(move || {
        std::mem::forget(enter(site!("forgotten")));
        for _ in 0..calls {
            call(site!("call"));
        }
        crate::recorder::local::with(|local| {
            let held = local.inspect(|fragment| fragment.len());
            assert!(held <= Some(MAX_RECORDS));
        });
    });
    assert_eq!(recorder.totals().healed, 1);
    recorder.accounts_for(calls as u64);
}

#[test]
fn threads_come_and_go_and_every_record_is_accounted_for() {
    let recorder = Recorder::new();
    for _ in 0..20 {
        recorder.elsewhere(|| {
            call(site!("call"));
            fail(site!("error"));
        });
    }
    assert_eq!(recorder.kept().len(), 20);
    recorder.accounts_for(40);
}

#[test]
fn a_root_that_is_dropped_after_the_recorders_end_is_settled() {
    thread_local! {
        static HELD: RefCell<Option<Task>> = const { RefCell::new(None) };
    }
    let recorder = Recorder::new();
    to_its_end(&recorder, || {
        HELD.with(|_| ());
        let mut task: Task = Box::pin(traced(site!("root"), async {
            fail(site!("error"));
            pause().await;
        }));
        assert!(poll(&mut task).is_pending());
        HELD.with(|held| *held.borrow_mut() = Some(task));
    });
    assert_eq!(recorder.kept(), [["error"]]);
    assert_eq!(recorder.totals().dropped(DropReason::ThreadExit), 1);
    recorder.accounts_for(2);
}
