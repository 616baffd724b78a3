//! A filter that is set while calls run: what has no span, what is counted, and that nothing is left in flight.
#![cfg(all(feature = "metrics", feature = "testing", feature = "enable"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tracer_runtime::{Telemetry, builder, event, record, span, testing, traced};

/// One filter for the whole process: one test at a time.
static TELEMETRY: LazyLock<Mutex<Telemetry>> =
    LazyLock::new(|| Mutex::new(builder().with_discarding_exporter().init().unwrap()));

/// Sets this filter, and none again at the end; within, `set` sets another.
fn filtered(filter: &str, test: impl FnOnce(&dyn Fn(&str))) {
    let telemetry = TELEMETRY.lock().unwrap_or_else(PoisonError::into_inner);
    let set = |filter: &str| telemetry.set_filter(filter).unwrap();
    set(filter);
    test(&set);
    set("");
}

fn tree(run: impl FnOnce()) -> String {
    let capture = testing::capture();
    run();
    capture.tree()
}

/// `(ok, error, cancelled, in flight)` of a function.
fn counts(function: &str, module: &str) -> [u64; 4] {
    let of = |name, more| {
        support::metric(&format!(
            "{name}{{function=\"{function}\",module=\"filter::{module}\"{more}}}"
        ))
    };
    [
        of("function_calls_total", ",outcome=\"ok\""),
        of("function_calls_total", ",outcome=\"error\""),
        of("function_calls_total", ",outcome=\"cancelled\""),
        of("function_calls_in_flight", ""),
    ]
}

/// Pending once.
#[derive(Default)]
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = poll(future.as_mut()) {
            return value;
        }
    }
}

mod places {
    use super::*;

    #[traced]
    pub(super) fn outer() {
        hidden::middle(1);
        block_on(hidden::later(2));
        hidden::alone();
    }

    #[traced]
    fn inner() {}

    pub(super) mod hidden {
        use super::*;

        #[traced(args(n), ret)]
        pub(super) fn middle(n: u32) -> u32 {
            record("n", n);
            inner();
            n
        }

        #[traced(args(n), ret)]
        pub(super) async fn later(n: u32) -> u32 {
            Once::default().await;
            inner();
            n
        }

        pub(super) fn alone() {
            let _span = span!("by hand", shelf = 3).enter();
            inner();
        }
    }
}

#[test]
fn what_is_off_has_no_span_and_its_children_hang_under_its_caller() {
    filtered("filter::places::hidden=off", |set| {
        let without = tree(places::outer);
        // What the body itself records goes where a function without the attribute would record it.
        assert_eq!(
            without,
            "outer [ok] {n=1}\n  inner [ok]\n  inner [ok]\n  inner [ok]\n"
        );
        assert_eq!(counts("middle", "places::hidden"), [1, 0, 0, 0]);
        assert_eq!(counts("later", "places::hidden"), [1, 0, 0, 0]);

        set("");
        assert_eq!(
            tree(places::outer),
            "outer [ok]\n  middle [ok] {n=1, return=1}\n    inner [ok]\n  later [ok] {n=2, return=2}\n    \
             inner [ok]\n  by hand [ok] {shelf=3}\n    inner [ok]\n"
        );
        assert_eq!(counts("middle", "places::hidden"), [2, 0, 0, 0]);
    });
}

mod levels {
    use super::*;

    #[traced(level = "debug")]
    pub(super) fn detail() {}

    #[traced]
    pub(super) fn usual() {}

    #[traced(level = "error", target = "alarm")]
    pub(super) fn loud() {}
}

#[test]
fn levels_and_targets_choose() {
    let all = || {
        levels::detail();
        levels::usual();
        levels::loud();
    };
    for (filter, expected) in [
        ("", "detail [ok]\nusual [ok]\nloud [ok]\n"),
        ("info", "usual [ok]\nloud [ok]\n"),
        ("warn", "loud [ok]\n"),
        ("filter::levels=off", "loud [ok]\n"),
        ("off,filter=debug", "detail [ok]\nusual [ok]\n"),
        ("off,alarm", "loud [ok]\n"),
        ("off", ""),
    ] {
        filtered(filter, |_| assert_eq!(tree(all), expected, "{filter}"));
    }
}

mod quiet {
    use super::*;

    #[traced]
    pub(super) fn called(fails: bool) -> Result<(), String> {
        match fails {
            true => Err("no".into()),
            false => Ok(()),
        }
    }

    #[traced(metrics = off)]
    pub(super) fn uncounted() {}
}

#[test]
fn metrics_go_on_unless_a_directive_says_otherwise() {
    filtered("filter::quiet=off", |set| {
        let _ = quiet::called(false);
        let _ = quiet::called(true);
        assert_eq!(counts("called", "quiet"), [1, 1, 0, 0]);
        set("filter::quiet=off/metrics=off");
        let _ = quiet::called(true);
        assert_eq!(counts("called", "quiet"), [1, 1, 0, 0]);
        set("filter::quiet/metrics=off");
        assert_eq!(tree(|| drop(quiet::called(true))), "called [error: no]\n");
        assert_eq!(counts("called", "quiet"), [1, 1, 0, 0]);
        set("");
        let _ = quiet::called(true);
        assert_eq!(counts("called", "quiet"), [1, 2, 0, 0]);
        quiet::uncounted();
        assert_eq!(counts("uncounted", "quiet"), [0, 0, 0, 0]);
    });
}

mod sync_reload {
    use super::*;

    #[traced]
    pub(super) fn call(inside: &dyn Fn()) {
        event!("before");
        inside();
    }
}

#[test]
fn a_call_ends_as_it_began() {
    const OFF: &str = "filter::sync_reload=off/metrics=off";
    let counts = || counts("call", "sync_reload");
    filtered("", |set| {
        let text = tree(|| sync_reload::call(&|| set(OFF)));
        assert_eq!(text, "call [ok]\n  * before\n");
        assert_eq!(counts(), [1, 0, 0, 0]);
        assert_eq!(tree(|| sync_reload::call(&|| set(""))), "");
        assert_eq!(counts(), [1, 0, 0, 0]);
        // Of each only one signal.
        set("filter::sync_reload=off");
        assert_eq!(
            tree(|| sync_reload::call(&|| set("filter::sync_reload/metrics=off"))),
            ""
        );
        assert_eq!(counts(), [2, 0, 0, 0]);
        assert_eq!(
            tree(|| sync_reload::call(&|| set(OFF))),
            "call [ok]\n  * before\n"
        );
        assert_eq!(counts(), [2, 0, 0, 0]);
    });
}

mod async_reload {
    use super::*;

    #[traced]
    pub(super) async fn root(fails: bool) -> Result<(), String> {
        Once::default().await;
        if fails { Err("no".into()) } else { Ok(()) }
    }

    #[traced]
    pub(super) async fn parent() {
        child().await;
    }

    #[traced]
    async fn child() {
        Once::default().await;
    }

    #[traced]
    pub(super) fn begins_at_once() -> impl Future<Output = ()> {
        let future = Once::default();
        std::hint::black_box(&future);
        future
    }
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Begins a call under each filter of the list, sets the next one while it waits, and lets it end that way.
fn across_reloads(functions: &[&str], call: impl Fn(usize) -> Boxed, end: impl Fn(Boxed)) {
    const FILTERS: [&str; 4] = ["", "off", "trace/metrics=off", "off/metrics=off"];
    filtered("", |set| {
        let total = |function| counts(function, "async_reload")[..3].iter().sum::<u64>();
        for (first, filter) in FILTERS.into_iter().enumerate() {
            for then in FILTERS {
                let before: Vec<u64> = functions.iter().map(|f| total(f)).collect();
                set(filter);
                let mut future = call(first);
                assert!(poll(future.as_mut()).is_pending());
                let counted = u64::from(!filter.ends_with("metrics=off"));
                for function in functions {
                    let in_flight = counts(function, "async_reload")[3];
                    assert_eq!(in_flight, counted, "{function}: {filter:?}");
                }
                set(then);
                end(future);
                for (function, before) in functions.iter().zip(before) {
                    let what = format!("{function}: {filter:?}, then {then:?}");
                    assert_eq!(total(function), before + counted, "{what}");
                    assert_eq!(counts(function, "async_reload")[3], 0, "{what}");
                }
            }
        }
    });
}

fn finishes(future: Boxed) {
    block_on(future);
}

fn finishes_elsewhere(future: Boxed) {
    std::thread::spawn(|| block_on(future)).join().unwrap();
}

#[test]
fn async_calls_end_as_they_began_however_they_end() {
    let ends: [fn(Boxed); 3] = [finishes, finishes_elsewhere, drop];
    for end in ends {
        across_reloads(
            &["root"],
            |n| Box::pin(async move { drop(async_reload::root(n % 2 == 0).await) }),
            end,
        );
        across_reloads(
            &["parent", "child"],
            |_| Box::pin(async_reload::parent()),
            end,
        );
        across_reloads(
            &["begins_at_once"],
            |_| Box::pin(async_reload::begins_at_once()),
            end,
        );
    }
}

mod threads {
    use super::*;

    thread_local! {
        pub(super) static LAST: AtTheEnd = const { AtTheEnd };
    }

    pub(super) struct AtTheEnd;

    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            last(false);
        }
    }

    #[traced]
    pub(super) fn last(_: bool) {}

    #[traced]
    pub(super) fn busy() {
        std::hint::black_box(());
    }
}

#[test]
fn a_call_in_the_destructors_of_a_thread_goes_by_the_filter_too() {
    let run = || {
        let thread = || {
            // Before the recorder's own, so that it is destroyed after it.
            threads::LAST.with(|_| ());
            threads::last(true);
        };
        std::thread::spawn(thread).join().unwrap();
    };
    filtered("filter::threads=off", |set| {
        run();
        assert_eq!(counts("last", "threads"), [2, 0, 0, 0]);
        set("filter::threads=off/metrics=off");
        run();
        assert_eq!(counts("last", "threads"), [2, 0, 0, 0]);
    });
}

#[test]
fn reloads_beside_running_calls_leave_nothing_in_flight() {
    filtered("", |set| {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..5_000 {
                            threads::busy();
                        }
                    })
                })
                .collect();
            while threads.iter().any(|thread| !thread.is_finished()) {
                for filter in ["off/metrics=off", "off", "", "trace/metrics=off"] {
                    set(filter);
                }
            }
        });
        set("");
        threads::busy();
        let [ok, _, _, in_flight] = counts("busy", "threads");
        assert!((1..=15_001).contains(&ok), "{ok}");
        assert_eq!(in_flight, 0);
    });
}

mod first_call {
    use super::*;

    #[traced]
    pub(super) fn new() {}
}

#[test]
fn a_function_that_is_called_for_the_first_time_finds_the_filter() {
    filtered("filter::first_call=off/metrics=off", |_| {
        assert_eq!(tree(first_call::new), "");
        assert_eq!(counts("new", "first_call"), [0, 0, 0, 0]);
    });
}

#[test]
fn a_wrong_filter_changes_nothing() {
    let telemetry = TELEMETRY.lock().unwrap_or_else(PoisonError::into_inner);
    telemetry.set_filter("filter::levels=off").unwrap();
    let error = telemetry
        .set_filter("trace,filter::levels=loud")
        .unwrap_err();
    assert_eq!(error.directive(), "filter::levels=loud");
    assert_eq!(tree(levels::usual), "");
    telemetry.set_filter("").unwrap();
    assert_eq!(tree(levels::usual), "usual [ok]\n");
}
