//! Which modules record, changed while the program runs.
//!
//! Run: `cargo run --example filter`. Without a filter in the code it comes from `TRACER_FILTER`.
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;

use tracer_runtime::{metrics, testing, traced};

#[traced]
fn order() {
    db::query();
    cache::look_up();
}

mod db {
    use super::traced;

    #[traced]
    pub(super) fn query() {
        connect();
    }

    #[traced(level = "debug")]
    fn connect() {
        super::wire::send();
    }
}

mod cache {
    use super::traced;

    #[traced]
    pub(super) fn look_up() {}
}

mod wire {
    use super::traced;

    #[traced]
    pub(super) fn send() {}
}

fn tree_of_an_order() -> String {
    let capture = testing::capture();
    order();
    capture.tree()
}

/// Calls that were counted so far.
fn calls(function: &str) -> u64 {
    let text = metrics::encode();
    let sample = format!("function_calls_total{{function=\"{function}\"");
    let line = text.lines().find(|line| line.starts_with(&sample));
    let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or(0)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Spans of `info` and more severe, none in `cache`; nor is it counted there.
    let telemetry = tracer_runtime::builder()
        .with_filter("info,filter::cache=off/metrics=off")
        .init()?;
    let quiet = tree_of_an_order();
    print!("{quiet}");
    // `connect` is of level `debug`: what it calls hangs under its caller. It is counted all the same.
    assert_eq!(quiet, "order [ok]\n  query [ok]\n    send [ok]\n");
    assert_eq!((calls("connect"), calls("look_up")), (1, 0));

    telemetry.set_filter("filter::db=off")?;
    let without_db = tree_of_an_order();
    print!("{without_db}");
    assert_eq!(without_db, "order [ok]\n  send [ok]\n  look_up [ok]\n");

    let refused = telemetry.set_filter("filter::db=loud").unwrap_err();
    println!("{refused}");
    assert_eq!(refused.directive(), "filter::db=loud");

    telemetry.set_filter("")?;
    let all = tree_of_an_order();
    print!("{all}");
    assert_eq!(
        all,
        "order [ok]\n  query [ok]\n    connect [ok]\n      send [ok]\n  look_up [ok]\n"
    );
    assert_eq!((calls("connect"), calls("look_up")), (3, 2));
    Ok(())
}
