//! The four outcomes, in every shape of function.

use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use futures_util::FutureExt as _;

#[derive(Clone, Copy, PartialEq)]
enum How {
    Succeed,
    Fail,
    Panic,
    Wait,
}

type Returned = Result<u8, String>;

fn act(how: How) -> Returned {
    match how {
        How::Succeed | How::Wait => Ok(1),
        How::Fail => Err("failed".to_owned()),
        How::Panic => panic!("on purpose"),
    }
}

async fn act_later(how: How) -> Returned {
    tokio::task::yield_now().await;
    if how == How::Wait {
        std::future::pending::<()>().await;
    }
    act(how)
}

#[traced]
fn sync(how: How) -> Returned {
    act(how)
}

#[traced]
fn sync_with_exits(how: How) -> Returned {
    let n = act(how)?;
    Ok(n)
}

#[traced]
async fn later(how: How) -> Returned {
    act_later(how).await
}

#[traced]
async fn later_with_exits(how: How) -> Returned {
    let n = act_later(how).await?;
    Ok(n)
}

#[traced(boxed)]
async fn later_and_boxed(how: How) -> Returned {
    act_later(how).await
}

#[traced]
fn whole_box(how: How) -> Pin<Box<dyn Future<Output = Returned> + Send>> {
    Box::pin(async move { act_later(how).await })
}

#[traced]
fn whole_local_box(how: How) -> Pin<Box<dyn Future<Output = Returned>>> {
    Box::pin(async move {
        let shared = Rc::new(how);
        act_later(*shared).await
    })
}

#[traced]
fn box_after_work(how: How) -> Pin<Box<dyn Future<Output = Returned> + Send>> {
    let future = act_later(how);
    Box::pin(future)
}

#[traced]
fn local_box_after_work(how: How) -> Pin<Box<dyn Future<Output = Returned>>> {
    let shared = Rc::new(how);
    Box::pin(async move { act_later(*shared).await })
}

#[traced]
fn whole_block(how: How) -> impl Future<Output = Returned> {
    async move { act_later(how).await }
}

#[traced]
fn future_after_work(how: How) -> impl Future<Output = Returned> + Send {
    let chosen = how;
    act_later(chosen)
}

#[async_trait::async_trait]
trait Service {
    async fn by_async_trait(&self, how: How) -> Returned;
}

struct Local;

#[async_trait::async_trait]
impl Service for Local {
    #[traced]
    async fn by_async_trait(&self, how: How) -> Returned {
        act_later(how).await
    }
}

/// The tree of the call, and what its panic carried.
fn outcome<T>(call: impl FnOnce() -> T) -> (String, Option<&'static str>) {
    let capture = capture();
    let unwound = catch_unwind(AssertUnwindSafe(call)).err();
    let payload = unwound.map(|payload| *payload.downcast::<&'static str>().unwrap());
    (capture.tree(), payload)
}

macro_rules! sync {
    ($($name:ident)*) => {$(
        assert_eq!(outcome(|| $name(How::Succeed)), (concat!(stringify!($name), " [ok]\n").to_owned(), None));
        assert_eq!(outcome(|| $name(How::Fail)), (concat!(stringify!($name), " [error: failed]\n").to_owned(), None));
        assert_eq!(
            outcome(|| $name(How::Panic)),
            (concat!(stringify!($name), " [panic]\n").to_owned(), Some("on purpose")),
        );
    )*};
}

macro_rules! futures {
    ($($name:ident: $call:expr;)*) => {$(
        #[test]
        fn $name() {
            let call = $call;
            let line = |outcome: &str| format!("{} [{outcome}]\n", stringify!($name));
            assert_eq!(outcome(|| block_on(call(How::Succeed))), (line("ok"), None));
            assert_eq!(outcome(|| block_on(call(How::Fail))), (line("error: failed"), None));
            assert_eq!(outcome(|| block_on(call(How::Panic))), (line("panic"), Some("on purpose")));
            let cancelled = outcome(|| {
                // Polled once, and then dropped.
                block_on(async {
                    let mut future = Box::pin(call(How::Wait));
                    assert!(future.as_mut().now_or_never().is_none());
                });
            });
            assert_eq!(cancelled, (line("cancelled"), None));
        }
    )*};
}

#[test]
fn of_synchronous_functions() {
    sync!(sync sync_with_exits);
}

mod of_futures {
    use super::*;

    futures! {
        later: super::later;
        later_with_exits: super::later_with_exits;
        later_and_boxed: super::later_and_boxed;
        whole_box: super::whole_box;
        whole_local_box: super::whole_local_box;
        box_after_work: super::box_after_work;
        local_box_after_work: super::local_box_after_work;
        whole_block: super::whole_block;
        future_after_work: super::future_after_work;
        by_async_trait: |how| Local.by_async_trait(how);
    }
}

#[test]
fn never_polled_is_no_call_unless_it_worked_before() {
    let tree = |call: &dyn Fn()| {
        let capture = capture();
        call();
        capture.tree()
    };
    assert_eq!(tree(&|| drop(later(How::Succeed))), "");
    assert_eq!(tree(&|| drop(whole_box(How::Succeed))), "");
    assert_eq!(tree(&|| drop(whole_block(How::Succeed))), "");
    assert_eq!(tree(&|| drop(Local.by_async_trait(How::Succeed))), "");
    assert_eq!(
        tree(&|| drop(future_after_work(How::Succeed))),
        "future_after_work [cancelled]\n"
    );
    assert_eq!(
        tree(&|| drop(box_after_work(How::Succeed))),
        "box_after_work [cancelled]\n"
    );
}

#[traced(error_if = Result::is_ok)]
fn upside_down(how: How) -> Pin<Box<dyn Future<Output = Returned> + Send>> {
    let chosen = how;
    Box::pin(act_later(chosen))
}

#[traced(ok_if = Result::is_err)]
async fn upside_down_later(how: How) -> Returned {
    act_later(how).await
}

#[test]
fn a_function_decides_about_futures_too() {
    assert_ok(|| block_on(upside_down(How::Fail)));
    assert_eq!(failure(|| block_on(upside_down(How::Succeed))).0, "_OTHER");
    assert_ok(|| block_on(upside_down_later(How::Fail)));
    assert_eq!(
        failure(|| block_on(upside_down_later(How::Succeed))).0,
        "_OTHER"
    );
}

fn counted(function: &str, outcome: &str) -> Option<u64> {
    let text = tracer_runtime::metrics::encode();
    let labels = [
        format!("function=\"{function}\""),
        format!("outcome=\"{outcome}\""),
    ];
    let line = text.lines().find(|line| {
        line.starts_with("function_calls_total{") && labels.iter().all(|label| line.contains(label))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

#[traced]
async fn counted_by_outcome(how: How) -> Returned {
    act_later(how).await
}

#[test]
fn the_metrics_count_what_the_spans_say() {
    let _capture = capture();
    for how in [How::Succeed, How::Fail, How::Panic] {
        let _ = catch_unwind(AssertUnwindSafe(|| block_on(counted_by_outcome(how))));
    }
    assert!(block_on(async { counted_by_outcome(How::Wait).now_or_never() }).is_none());
    for outcome in ["ok", "error", "panic", "cancelled"] {
        assert_eq!(counted("counted_by_outcome", outcome), Some(1), "{outcome}");
    }
}
