//! Locals and parameters drop in the order in which they drop without the attribute, inside the span.
#![allow(clippy::toplevel_ref_arg, reason = "a shape that is tested")]
#![allow(
    unused_variables,
    unused_assignments,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::needless_return,
    reason = "tests"
)]

use std::cell::RefCell;
use std::future::Future;
use std::sync::{Arc, Mutex};

use tracer_runtime::testing::capture;
use tracer_runtime::{current_ids, traced};

thread_local! {
    static LOG: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Notes its drop, and the span that it happens in.
#[derive(Clone)]
struct Noisy(&'static str, Arc<Mutex<Vec<bool>>>);

impl Drop for Noisy {
    fn drop(&mut self) {
        LOG.with_borrow_mut(|log| log.push(self.0));
        self.1.lock().unwrap().push(current_ids().is_some());
    }
}

type Result<T> = std::result::Result<T, String>;

/// Every function twice, once with the attribute: same text, so any difference is the attribute's.
macro_rules! twice {
    ($($item:item)*) => {
        mod bare {
            use super::*;
            $($item)*
        }
        #[traced]
        mod annotated {
            use super::*;
            $($item)*
        }
    };
}

twice! {
    pub fn nothing(a: Noisy, b: Noisy, _: Noisy, _c: Noisy) {
        let local = Noisy("local", a.1.clone());
    }

    pub fn moved_on_a_condition(a: Noisy, b: Noisy, c: Noisy, move_it: bool) {
        let local = Noisy("local", a.1.clone());
        if move_it {
            drop(b);
        }
        let last = Noisy("last", a.1.clone());
    }

    pub fn patterns((a, _): (Noisy, Noisy), b: Noisy, [c, ..]: [Noisy; 3], ref d: Noisy) {
        let local = Noisy("local", a.1.clone());
    }

    pub fn mutable(mut a: Noisy, b: Noisy) {
        a = Noisy("replaced", b.1.clone());
        let local = Noisy("local", b.1.clone());
    }

    pub fn result(a: Noisy, b: Noisy, _: Noisy, fail: bool) -> Result<u32> {
        let local = Noisy("local", a.1.clone());
        if fail { Err("failed".to_owned()) } else { Ok(1) }
    }

    pub fn result_with_early_exit(a: Noisy, _: Noisy, (b, _): (Noisy, Noisy), fail: bool) -> Result<u32> {
        let local = Noisy("local", a.1.clone());
        if fail {
            return Err("failed".to_owned());
        }
        let n = Ok::<u32, String>(1)?;
        let late = Noisy("late", a.1.clone());
        Ok(n)
    }

    pub fn result_that_moves(a: Noisy, b: Noisy, c: Noisy, fail: bool) -> Result<Noisy> {
        let local = Noisy("local", a.1.clone());
        if fail {
            let held = b;
            return Err("failed".to_owned());
        }
        let n = Ok::<u32, String>(1)?;
        Ok(b)
    }

    pub fn number(a: Noisy, b: Noisy) -> u32 {
        let local = Noisy("local", a.1.clone());
        u32::try_from(Noisy("temporary", a.1.clone()).0.len()).unwrap()
    }

    pub fn unwinds(a: Noisy, _: Noisy, b: Noisy) -> Result<u32> {
        let local = Noisy("local", a.1.clone());
        panic!("on purpose");
    }

    pub struct Owner {
        pub first: Noisy,
        pub second: Noisy,
    }

    impl Owner {
        pub fn by_value(self, a: Noisy, _: Noisy) {
            let local = Noisy("local", a.1.clone());
        }

        pub fn by_value_result(self, a: Noisy, fail: bool) -> Result<u32> {
            let local = Noisy("local", self.first.1.clone());
            if fail {
                let moved = self.second;
                return Err("failed".to_owned());
            }
            Ok(1)
        }

        pub async fn by_value_later(mut self, a: Noisy, _: Noisy) -> Result<u32> {
            let local = Noisy("local", a.1.clone());
            self.first = Noisy("replaced", a.1.clone());
            tokio::task::yield_now().await;
            Ok(1)
        }
    }

    pub async fn later(a: Noisy, b: Noisy, _: Noisy, (c, _): (Noisy, Noisy)) -> Result<u32> {
        let local = Noisy("local", a.1.clone());
        tokio::task::yield_now().await;
        let late = Noisy("late", a.1.clone());
        Ok(1)
    }

    #[must_use]
    pub async fn later_must_use(a: Noisy, _: Noisy, mut b: Noisy, (c, _): (Noisy, Noisy)) -> u32 {
        let local = Noisy("local", a.1.clone());
        b = Noisy("replaced", a.1.clone());
        tokio::task::yield_now().await;
        3
    }

    pub fn whole_box(a: Noisy, b: Noisy) -> std::pin::Pin<Box<dyn Future<Output = Result<u32>>>> {
        Box::pin(async move {
            let local = Noisy("local", b.1.clone());
            tokio::task::yield_now().await;
            let used = &a;
            Ok(1)
        })
    }

    pub fn displayed(a: Noisy, b: Noisy) -> impl std::fmt::Display {
        let local = Noisy("local", b.1.clone());
        a.0.len()
    }

    pub async fn later_nothing(a: Noisy, _: Noisy, b: Noisy, move_it: bool) {
        let local = Noisy("local", a.1.clone());
        if move_it {
            drop(a);
        }
        tokio::task::yield_now().await;
    }
}

/// What is dropped, and whether each time a span is current.
fn dropped(f: impl FnOnce(&dyn Fn(&'static str) -> Noisy)) -> (Vec<&'static str>, Vec<bool>) {
    LOG.take();
    let spans = Arc::default();
    let noisy = |name| Noisy(name, Arc::clone(&spans));
    f(&noisy);
    let spans = spans.lock().unwrap().clone();
    (LOG.take(), spans)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Polls once, then drops.
fn cancel(future: impl Future) {
    let mut future = Box::pin(future);
    let waker = futures_util::task::noop_waker();
    assert!(
        future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(&waker))
            .is_pending()
    );
}

macro_rules! same {
    ($($test:ident: |$n:ident, $m:ident| $call:expr;)*) => {$(
        #[test]
        fn $test() {
            let bare = {
                use bare as $m;
                dropped(|$n| { let _ = $call; }).0
            };
            let capture = capture();
            let (annotated, inside) = {
                use annotated as $m;
                dropped(|$n| { let _ = $call; })
            };
            assert_eq!(annotated, bare);
            assert!(inside.iter().all(|&inside| inside), "{annotated:?} {inside:?}");
            assert!(capture.tree().lines().count() == 1);
        }
    )*};
}

same! {
    with_nothing_returned: |n, m| m::nothing(n("a"), n("b"), n("_"), n("_c"));
    not_moved: |n, m| m::moved_on_a_condition(n("a"), n("b"), n("c"), false);
    moved: |n, m| m::moved_on_a_condition(n("a"), n("b"), n("c"), true);
    in_patterns: |n, m| m::patterns((n("a"), n("_")), n("b"), [n("c"), n("d"), n("e")], n("ref"));
    reassigned: |n, m| m::mutable(n("a"), n("b"));
    with_ok: |n, m| m::result(n("a"), n("b"), n("_"), false).is_ok();
    with_err: |n, m| m::result(n("a"), n("b"), n("_"), true).is_ok();
    to_the_end: |n, m| m::result_with_early_exit(n("a"), n("_"), (n("b"), n("p")), false).is_ok();
    early: |n, m| m::result_with_early_exit(n("a"), n("_"), (n("b"), n("p")), true).is_ok();
    returned: |n, m| std::mem::forget(m::result_that_moves(n("a"), n("b"), n("c"), false));
    moved_early: |n, m| std::mem::forget(m::result_that_moves(n("a"), n("b"), n("c"), true));
    with_a_temporary: |n, m| m::number(n("a"), n("b"));
    while_unwinding: |n, m| {
        let (a, b, c) = (n("a"), n("_"), n("b"));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| m::unwinds(a, b, c))).is_err()
    };
    of_self: |n, m| m::Owner { first: n("1"), second: n("2") }.by_value(n("a"), n("_"));
    of_self_with_ok: |n, m| m::Owner { first: n("1"), second: n("2") }.by_value_result(n("a"), false).is_ok();
    of_self_with_err: |n, m| m::Owner { first: n("1"), second: n("2") }.by_value_result(n("a"), true).is_ok();
    of_self_later: |n, m| block_on(m::Owner { first: n("1"), second: n("2") }.by_value_later(n("a"), n("_"))).is_ok();
    later: |n, m| block_on(m::later(n("a"), n("b"), n("_"), (n("c"), n("d")))).is_ok();
    later_important: |n, m| block_on(m::later_must_use(n("a"), n("_"), n("b"), (n("c"), n("d"))));
    in_a_box: |n, m| block_on(m::whole_box(n("a"), n("b"))).is_ok();
    of_an_opaque_type: |n, m| m::displayed(n("a"), n("b")).to_string();
    later_not_moved: |n, m| block_on(m::later_nothing(n("a"), n("_"), n("b"), false));
    later_moved: |n, m| block_on(m::later_nothing(n("a"), n("_"), n("b"), true));
    cancelled: |n, m| cancel(m::later(n("a"), n("b"), n("_"), (n("c"), n("d"))));
    cancelled_of_self: |n, m| cancel(m::Owner { first: n("1"), second: n("2") }.by_value_later(n("a"), n("_")));
    cancelled_moved: |n, m| cancel(m::later_nothing(n("a"), n("_"), n("b"), true));
}

/// Never polled, it is no call, so there is no span to be inside of.
#[test]
fn unpolled() {
    let order = |later: bool| {
        let names = dropped(|n| match later {
            true => drop(annotated::later(n("a"), n("b"), n("_"), (n("c"), n("d")))),
            false => drop(bare::later(n("a"), n("b"), n("_"), (n("c"), n("d")))),
        });
        names.0
    };
    assert_eq!(order(true), order(false));
}
