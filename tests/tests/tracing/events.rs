//! Events as events of spans.

use tracer_runtime::{checkpoint, traced};
use tracing::{Level, event, info, info_span, warn};

use crate::tree;

/// With this module's name as `here`.
fn seen(run: impl FnOnce()) -> String {
    tree(run).replace(module_path!(), "here")
}

#[test]
fn an_event_is_one_of_the_span_that_it_happens_in() {
    #[traced]
    fn order() {
        info!(id = 7, ratio = 0.5, "placed");
        info_span!("reserve").in_scope(|| {
            warn!(target: "shop::stock", left = 1_u64, "{} {}", "nearly", "out");
            checkpoint!("reserved");
        });
        info!("done");
    }
    let expected = "\
order [ok]
  * placed {level=\"INFO\", target=\"here\", id=7, ratio=0.5}
  reserve [ok]
    * nearly out {level=\"WARN\", target=\"shop::stock\", left=1}
    - reserved
  * done {level=\"INFO\", target=\"here\"}
";
    assert_eq!(seen(order), expected);
}

#[test]
fn an_event_may_name_its_span_or_none() {
    let tree = seen(|| {
        let other = info_span!("other");
        info_span!("current").in_scope(|| {
            info!(parent: &other, "over there");
            info!(parent: None, "nowhere");
            info!("here");
        });
    });
    assert_eq!(
        tree,
        "\
other [ok]
  * over there {level=\"INFO\", target=\"here\"}
current [ok]
  * here {level=\"INFO\", target=\"here\"}
"
    );
}

#[test]
fn outside_a_trace_an_event_is_nothing() {
    assert_eq!(seen(|| info!("alone")), "");
}

#[test]
fn an_event_without_a_message_has_its_own_name_else_its_target() {
    let tree = seen(|| {
        info_span!("s").in_scope(|| {
            event!(name: "cache_hit", Level::INFO, key = "k");
            event!(name: "quiet", Level::INFO, {});
            event!(target: "shop::stock", Level::INFO, left = 1);
        });
    });
    let expected = "\
s [ok]
  * cache_hit {level=\"INFO\", target=\"here\", key=\"k\"}
  * quiet {level=\"INFO\", target=\"here\"}
  * shop::stock {level=\"INFO\", target=\"shop::stock\", left=1}
";
    assert_eq!(tree, expected);
}

#[test]
fn of_a_long_message_the_first_line_is_the_name() {
    let tree = seen(|| info_span!("s").in_scope(|| info!("one\ntwo")));
    let expected = "\
s [ok]
  * one {level=\"INFO\", target=\"here\", message=\"one\\ntwo\"}
";
    assert_eq!(tree, expected);
}

#[test]
fn a_span_that_waits_keeps_its_events_in_order() {
    let tree = seen(|| {
        let span = info_span!("twice");
        span.in_scope(|| info!("first"));
        info!(parent: &span, "second");
        span.in_scope(|| info!("third"));
    });
    let names: Vec<&str> = tree
        .lines()
        .map(|line| line.split(" {").next().unwrap().trim())
        .collect();
    assert_eq!(names, ["twice [ok]", "* first", "* second", "* third"]);
}
