//! Defects of other attributes of this sort.

use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tracer_runtime::{CallOutcome, Context, Level};

#[traced(target = "here", parent = Context::current())]
fn target_then_parent() {}

#[traced(parent = Context::current(), target = "there")]
fn parent_then_target() {}

#[test]
fn regression_1_target_and_parent_go_together_in_any_order() {
    assert_eq!(spans(target_then_parent)[0].callsite.target(), "here");
    assert_eq!(spans(parent_then_target)[0].callsite.target(), "there");
}

#[test]
fn regression_2_after_a_mistake_the_function_is_still_there() {
    // Each of these calls its item: an item that is gone would be a second error.
    for (source, stderr) in [
        (
            include_str!("../../ui/fail/item_const_fn.rs"),
            include_str!("../../ui/fail/item_const_fn.stderr"),
        ),
        (
            include_str!("../../ui/fail/argument_unknown.rs"),
            include_str!("../../ui/fail/argument_unknown.stderr"),
        ),
        (
            include_str!("../../ui/fail/impl_with_name.rs"),
            include_str!("../../ui/fail/impl_with_name.stderr"),
        ),
        (
            include_str!("../../ui/fail/item_struct.rs"),
            include_str!("../../ui/fail/item_struct.stderr"),
        ),
    ] {
        assert!(
            source.contains("item()")
                || source.contains("Shop.open()")
                || source.contains("Item::")
        );
        assert_eq!(places(stderr).len(), 1, "{stderr}");
    }
}

#[traced]
fn inner_attribute() -> u8 {
    #![allow(unused_variables)]
    let unused = 1;
    2
}

#[traced]
async fn inner_attribute_later() -> u8 {
    #![allow(unused_variables)]
    let unused = 1;
    2
}

#[test]
fn regression_3_inner_attributes_stay_where_they_count() {
    assert_eq!(inner_attribute() + block_on(inner_attribute_later()), 4);
}

mod names {
    pub(super) const NAME: &str = "by path";
}

mod shadowing {
    #![allow(non_camel_case_types, dead_code, unused_imports)]

    use super::*;

    enum Answer {
        Ok,
        Err,
        Some,
        None,
    }
    use Answer::*;

    #[traced(ret)]
    pub(super) fn fails() -> Result<u8, &'static str> {
        if true {
            return Result::Err("failed");
        }
        Result::Ok(1)
    }
}

#[traced(level = ::tracing::Level::ERROR, name = names::NAME)]
fn by_paths() {}

#[test]
fn regression_4_paths_are_taken_and_the_users_ok_is_not_ours() {
    let span = spans(by_paths).remove(0);
    assert_eq!(span.callsite.level(), Level::Error);
    assert_eq!(span.callsite.name(), "by path");
    assert_eq!(tree(shadowing::fails), "fails [error: failed]\n");
}

#[traced]
fn counts_first(calls: &mut u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    *calls += 1;
    let before = *calls;
    Box::pin(async move { before })
}

#[test]
fn regression_5_statements_before_box_pin_stay() {
    let mut calls = 0;
    assert_eq!(block_on(counts_first(&mut calls)), 1);
    assert_eq!(calls, 1);
    let empty = include_str!("../../ui/fail/name_empty.stderr");
    let unknown = include_str!("../../ui/fail/argument_unknown.stderr");
    assert_eq!(
        (places(empty), places(unknown)),
        (vec!["3:17"], vec!["3:10"])
    );
}

struct Holder<T>(T);

impl<T: Iterator> Holder<T> {
    #[traced]
    fn qualified(mut self) -> ::core::result::Result<<T as Iterator>::Item, String> {
        self.0.next().ok_or("empty".to_owned())
    }
}

#[traced]
fn named_like_ours(caller: u8, result: u8, guard: u8) -> u8 {
    caller + result + guard
}

#[traced]
fn leaves_by_panic() {
    panic!("on purpose");
}

#[traced]
async fn leaves_by_cancellation() {
    std::future::pending::<()>().await;
}

fn in_flight(function: &str) -> Option<f64> {
    let text = tracer_runtime::metrics::encode();
    let line = text
        .lines()
        .find(|line| line.starts_with("function_calls_in_flight{") && line.contains(function))?;
    line.split(' ').nth(1)?.parse().ok()
}

#[test]
fn regression_6_no_name_no_gauge_no_path_is_lost() {
    let text = tree(|| {
        assert_eq!(Holder([7].into_iter()).qualified().unwrap(), 7);
        assert_eq!(named_like_ours(1, 2, 3), 6);
        catch_unwind(leaves_by_panic).unwrap_err();
        block_on(async {
            let mut future = Box::pin(leaves_by_cancellation());
            assert!(futures_util::poll!(&mut future).is_pending());
        });
    });
    assert_eq!(
        text,
        "qualified [ok]\nnamed_like_ours [ok]\nleaves_by_panic [panic]\nleaves_by_cancellation [cancelled]\n"
    );
    assert_eq!(in_flight("\"leaves_by_panic\""), Some(0.0));
    assert_eq!(in_flight("\"leaves_by_cancellation\""), Some(0.0));
}

/// Kept.
#[traced]
#[allow(unused_variables)]
#[tokio::main(flavor = "current_thread")]
async fn main_with_attributes_below() -> u8 {
    let unused = 1;
    tokio::task::yield_now().await;
    3
}

#[traced]
fn runs_in_a_destructor() -> Result<u8, String> {
    Ok(1)
}

struct Destructor;

impl Drop for Destructor {
    fn drop(&mut self) {
        runs_in_a_destructor().unwrap();
    }
}

#[test]
fn regression_7_attributes_stay_and_unwinding_elsewhere_does_not_count() {
    assert_eq!(main_with_attributes_below(), 3);
    let span = spans(|| {
        catch_unwind(AssertUnwindSafe(|| {
            let _runs = Destructor;
            panic!("elsewhere");
        }))
    })
    .remove(0);
    assert_eq!(span.outcome, Some(CallOutcome::Ok));
    let syntax = include_str!("../../ui/fail/body_half_typed.stderr");
    assert!(!syntax.contains("goes on a function"), "{syntax}");
}

#[traced]
async fn step(n: u8) -> u8 {
    tokio::task::yield_now().await;
    n
}

#[test]
fn regression_8_no_guard_is_held_across_an_await() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    // Interleaved on one thread: neither becomes the other's child.
    let text = tree(|| block_on(async { futures_util::join!(is_send(step(1)), step(2)) }));
    assert_eq!(text, "step [ok]\nstep [ok]\n");
}
