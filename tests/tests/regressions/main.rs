//! What has gone wrong elsewhere, one test an entry: defects of other attributes of this sort, and the pains that
//! their users report. The compiler's messages are in `ui/`; the tests here look into its `.stderr` files.
//!
//! | defect | test |
//! |---|---|
//! | 1 two arguments are rejected in one order | [`defects::regression_1_target_and_parent_go_together_in_any_order`] |
//! | 2 after an error the function is gone | [`defects::regression_2_after_a_mistake_the_function_is_still_there`] |
//! | 3 inner attributes end up in the wrong place | [`defects::regression_3_inner_attributes_stay_where_they_count`] |
//! | 4 paths are rejected, `Ok` and `Err` are the user's | [`defects::regression_4_paths_are_taken_and_the_users_ok_is_not_ours`] |
//! | 5 statements before `Box::pin` are lost, names are not absolute, errors have no place | [`defects::regression_5_statements_before_box_pin_stay`] |
//! | 6 names leak, gauges leak, types are cut | [`defects::regression_6_no_name_no_gauge_no_path_is_lost`] |
//! | 7 misleading syntax errors, attributes below are lost, unwinding elsewhere counts | [`defects::regression_7_attributes_stay_and_unwinding_elsewhere_does_not_count`] |
//! | 8 a guard is held across an await | [`defects::regression_8_no_guard_is_held_across_an_await`] |
//!
//! | pain | test |
//! |---|---|
//! | 1 editors cannot read what expands | [`pains::row_1_a_half_typed_body_expands`] |
//! | 2 futures grow | [`pains::row_2_a_wrapper_adds_at_most_64_bytes`] |
//! | 3 chains of async functions overflow the compiler | [`pains::row_3_chains_of_async_functions_compile`] |
//! | 4 an error is an event, twice, and not the span's status | [`outcomes::row_4_an_error_is_the_outcome_of_the_span_once`] |
//! | 5 expected errors count as errors | [`outcomes::row_5_expected_errors_can_be_told`] |
//! | 6 the chain of sources is lost | [`outcomes::row_6_the_chain_of_sources_is_recorded`] |
//! | 7 secrets are recorded by default | [`outcomes::row_7_nothing_is_recorded_unless_named`] |
//! | 8 a parameter without Debug is an error | [`outcomes::row_8_no_parameter_needs_debug`] |
//! | 9 a bare field is silently empty | [`outcomes::row_9_a_bare_field_records_its_parameter`] |
//! | 10 many spans are called `new` | [`outcomes::row_10_methods_are_named_with_their_type`] |
//! | 12 `target` and `parent` exclude each other | [`defects::regression_1_target_and_parent_go_together_in_any_order`] |
//! | 13 a `mut` parameter cannot borrow a local | [`pains::row_13_a_mut_parameter_may_borrow_a_local`] |
//! | 14 borrowed results do not compile | [`pains::row_14_borrowed_results_compile`] |
//! | 15 type inference breaks | [`pains::row_15_inference_is_that_of_the_plain_function`] |
//! | 16 the drop order changes | [`pains::row_16_the_drop_order_stays`] |
//! | 17 lints are lost | [`pains::row_17_lints_still_fire`] |
//! | 18 lints fire on the expansion | [`pains::row_18_lints_are_silent_on_the_expansion`] |
//! | 19 errors point at the attribute | [`pains::row_19_errors_point_at_the_users_code`] |
//! | 20 half of a function that returns a future is timed | [`futures::row_20_work_before_the_future_belongs_to_the_call`] |
//! | 21 `async_trait` in one order only | [`futures::row_21_async_trait_above_and_below`] |
//! | 22 blocks and modules | [`futures::row_22_blocks_and_modules`] |
//! | 23 streams end before their first item | [`futures::row_23_a_stream_is_an_error_that_says_so`] |
//! | 26 a remote parent comes too late | [`futures::row_26_the_remote_parent_is_there_from_the_start`] |
//! | 33 entering after the end panics | [`defects::regression_8_no_guard_is_held_across_an_await`] |
//! | 34 one signal cannot be turned off | [`futures::row_34_one_signal_alone`] |
//! | 43 spans before the start panic or vanish the program | [`futures::row_43_nothing_happens_before_the_start`] |
//! | 45 other crates must be in scope | [`futures::row_45_one_dependency_is_enough`] |
//! | 46 a link to a span that has ended panics | [`futures::row_46_a_link_may_point_to_what_has_ended`] |
#![allow(
    missing_docs,
    clippy::allow_attributes_without_reason,
    clippy::type_complexity,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::future::Future;
use std::pin::Pin;

use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::traced;

mod defects;
mod futures;
mod outcomes;
mod pains;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn tree<T>(f: impl FnOnce() -> T) -> String {
    let capture = capture();
    let _ = f();
    capture.tree()
}

fn spans<T>(f: impl FnOnce() -> T) -> Vec<CapturedSpan> {
    let capture = capture();
    let _ = f();
    capture.spans()
}

/// The places that the compiler's messages point to, as `line:column`.
fn places(stderr: &str) -> Vec<&str> {
    stderr
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--> fail/"))
        .filter_map(|place| place.split_once(':').map(|(_, place)| place))
        .collect()
}
