//! Tracers as `init` installs them: what they are told, and what they cost and break.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod attempts;
mod broken;
mod ends_of_streams;
mod levels;
mod messages;
mod panicked;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod told;
mod totals;

use tracer_runtime::rpc::{RpcCall, RpcPlan};

#[test]
fn child() {
    match std::env::var(support::CHILD).as_deref() {
        Ok("streams") => streams::told(),
        Ok("streams that break") => ends_of_streams::told(),
        Ok("requests that fail") => ends_of_streams::told_of_reqwest(),
        Ok("attempts") => attempts::told(),
        Ok("no tracer") => levels::without_a_tracer(),
        Ok("base") => levels::base(),
        Ok("stacks of panics") => panicked::with_stacks(),
        Ok("no stacks of panics") => panicked::without_stacks(),
        Ok("panics") => broken::panics(),
        Ok("blocks") => broken::blocks(),
        Ok("nothing sampled") => totals::nothing_sampled(),
        Ok("same name twice") => totals::same_name_twice(),
        _ => {}
    }
}

fn call() {
    RpcCall::start(RpcPlan::server("thrift").with_method("reserve")).finish();
}
