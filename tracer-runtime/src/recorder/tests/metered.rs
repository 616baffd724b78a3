//! Misuse and the metrics: every call that begins ends once, in flight goes back to nothing.

use std::cell::RefCell;

use super::threads::to_its_end;
use super::*;
use crate::record::CallOutcome;
use crate::recorder::suspended::MAX_DEPTH;

/// Calls by outcome, and calls in flight.
fn counts(site: &'static Callsite) -> ([u64; CallOutcome::ALL.len()], u64) {
    let snapshot = metrics::snapshot();
    let series = snapshot
        .functions
        .iter()
        .find(|series| (series.module, series.function) == (site.module, site.function))
        .unwrap();
    assert_eq!(
        series.durations.count(),
        series.outcomes.iter().sum::<u64>()
    );
    (series.outcomes, series.in_flight)
}

#[test]
fn a_cancelled_root_and_its_child_are_counted_as_cancelled() {
    let _recorder = Recorder::new();
    let (root, child) = (site!("metered root"), site!("metered child"));
    let mut task: Task = Box::pin(traced(root, traced(child, pause())));
    assert!(poll(&mut task).is_pending());
    assert_eq!(counts(root), ([0; 4], 1));
    drop(task);
    assert_eq!(counts(root), ([0, 0, 0, 1], 0));
    assert_eq!(counts(child), ([0, 0, 0, 1], 0));
}

#[test]
fn a_call_that_ends_on_another_thread_is_in_flight_no_more() {
    let recorder = Recorder::new();
    let site = site!("moves");
    for _ in 0..20 {
        let mut task = recorder.elsewhere(move || {
            let mut task: Task = Box::pin(traced(site, pause()));
            assert!(poll(&mut task).is_pending());
            task
        });
        finish(&mut task);
    }
    assert_eq!(counts(site), ([20, 0, 0, 0], 0));
}

#[test]
fn a_guard_that_is_dropped_while_its_thread_ends_is_counted_once() {
    thread_local! {
        static OPEN: RefCell<Option<Guard>> = const { RefCell::new(None) };
    }
    let recorder = Recorder::new();
    let site = site!("kept open");
    for guard_first in [false, true] {
        to_its_end(&recorder, move || {
            if guard_first {
                OPEN.with(|_| ());
            }
            let guard = enter(site);
            OPEN.with(|open| *open.borrow_mut() = Some(guard));
        });
    }
    assert_eq!(counts(site), ([0, 0, 2, 0], 0));
}

#[test]
fn calls_while_a_thread_ends_are_counted_in_any_order() {
    struct CallsAtExit;
    impl Drop for CallsAtExit {
        fn drop(&mut self) {
            call(site());
            let mut task: Task = Box::pin(failing(site(), pause()));
            finish(&mut task);
            let mut task: Task = Box::pin(failing(site(), pause()));
            assert!(poll(&mut task).is_pending());
        }
    }
    thread_local! {
        static AT_EXIT: CallsAtExit = const { CallsAtExit };
        static HELD: RefCell<Option<Task>> = const { RefCell::new(None) };
    }
    fn site() -> &'static Callsite {
        site!("at exit")
    }
    let recorder = Recorder::new();
    to_its_end(&recorder, || {
        call(site());
        AT_EXIT.with(|_| ());
    });
    assert_eq!(counts(site()), ([2, 1, 0, 1], 0));
    to_its_end(&recorder, || {
        AT_EXIT.with(|_| ());
        HELD.with(|_| ());
        let mut task: Task = Box::pin(traced(site(), pause()));
        assert!(poll(&mut task).is_pending());
        HELD.with(|held| *held.borrow_mut() = Some(task));
    });
    assert_eq!(counts(site()), ([3, 2, 0, 3], 0));
}

#[test]
fn callsites_beyond_the_table_are_counted_all_the_same() {
    let recorder = Recorder::new();
    let sites: Vec<&'static Callsite> = (0..if cfg!(miri) { 100 } else { 9000 })
        .map(|i| {
            let name: &'static str = Box::leak(format!("one of many {i}").into_boxed_str());
            &*Box::leak(Box::new(Callsite::new(name, name, "misuse")))
        })
        .collect();
    let last = sites[sites.len() - 1];
    sites.iter().for_each(|site| {
        site.register();
    });
    call(last);
    recorder.elsewhere(move || {
        call(last);
        let mut task: Task = Box::pin(traced(last, pause()));
        finish(&mut task);
    });
    assert_eq!(counts(last), ([3, 0, 0, 0], 0));
    recorder.accounts_for(3);
}

#[test]
fn calls_whose_records_are_lost_are_counted() {
    let recorder = Recorder::new();
    let (deep, late) = (site!("deep"), site!("outlives its root"));
    recorder.elsewhere(move || {
        let guards: Vec<_> = (0..MAX_DEPTH + 8).map(|_| enter_root(deep)).collect();
        guards.into_iter().for_each(ok);
        let root = enter(site!("root"));
        let child = enter(late);
        ok(root);
        ok(child);
    });
    assert_eq!(counts(deep), ([MAX_DEPTH as u64 + 8, 0, 0, 0], 0));
    assert_eq!(counts(late), ([1, 0, 0, 0], 0));
    recorder.accounts_for(MAX_DEPTH as u64 + 10);
}
