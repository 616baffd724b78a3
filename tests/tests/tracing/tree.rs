//! Parents across the border, on one thread.

use tracer_runtime::traced;
use tracing::{info_span, instrument};

use crate::tree;

#[traced]
fn outer() {
    middle();
    leaf();
}

#[instrument]
fn middle() {
    inner();
    info_span!("bare").in_scope(leaf);
}

#[traced]
fn inner() {
    lowest();
}

#[instrument]
fn lowest() {
    leaf();
}

#[traced]
fn leaf() {}

#[test]
fn traced_inside_instrumented_inside_traced_is_one_tree() {
    let expected = "\
outer [ok]
  middle [ok]
    inner [ok]
      lowest [ok]
        leaf [ok]
    bare [ok]
      leaf [ok]
  leaf [ok]
";
    assert_eq!(tree(outer), expected);
}

#[test]
fn a_trace_may_begin_with_a_span_of_another_crate() {
    let expected = "\
middle [ok]
  inner [ok]
    lowest [ok]
      leaf [ok]
  bare [ok]
    leaf [ok]
";
    assert_eq!(tree(middle), expected);
}

#[test]
fn a_span_that_names_its_parent_hangs_there() {
    let tree = tree(|| {
        let root = info_span!("root");
        let first = info_span!(parent: &root, "first");
        first.in_scope(|| {
            info_span!(parent: &root, "second").in_scope(leaf);
            info_span!(parent: None, "alone").in_scope(leaf);
            info_span!("third").in_scope(leaf);
        });
    });
    let expected = "\
root [ok]
  first [ok]
    third [ok]
      leaf [ok]
  second [ok]
    leaf [ok]
alone [ok]
  leaf [ok]
";
    assert_eq!(tree, expected);
}

#[test]
fn a_span_may_name_the_annotated_function_that_it_is_in() {
    #[traced]
    fn function() {
        info_span!(parent: &tracing::Span::current(), "named").in_scope(leaf);
    }
    // No subscriber knows a span here, so that there is none to name.
    assert_eq!(
        tree(|| info_span!("root").in_scope(function)),
        "\
root [ok]
  function [ok]
    leaf [ok]
  named [ok]
"
        .replace(
            "    leaf [ok]\n  named [ok]\n",
            "  named [ok]\n    leaf [ok]\n"
        )
    );
}

#[test]
fn spans_that_are_left_out_of_order_are_no_parents_any_more() {
    let tree = tree(|| {
        let root = info_span!("root").entered();
        let a = info_span!("a").entered();
        let b = info_span!("b").entered();
        drop(a);
        leaf();
        drop(b);
        leaf();
        drop(root);
        leaf();
    });
    let expected = "\
root [ok]
  a [ok]
    b [ok]
      leaf [ok]
  leaf [ok]
leaf [ok]
";
    assert_eq!(tree, expected);
}

#[test]
fn a_root_that_is_left_before_one_inside_of_it_takes_nothing_along() {
    let tree = tree(|| {
        let first = info_span!("first").entered();
        let second = info_span!(parent: None, "second").entered();
        drop(first);
        leaf();
        drop(second);
        leaf();
    });
    assert_eq!(tree, "first [ok]\nsecond [ok]\n  leaf [ok]\nleaf [ok]\n");
}

#[test]
fn a_span_can_be_entered_twice_at_once_and_again_later() {
    let tree = tree(|| {
        let span = info_span!("again");
        span.in_scope(|| {
            span.in_scope(leaf);
            leaf();
        });
        leaf();
        span.in_scope(leaf);
    });
    assert_eq!(
        tree,
        "again [ok]\n  leaf [ok]\n  leaf [ok]\n  leaf [ok]\nleaf [ok]\n"
    );
}

#[test]
fn a_span_that_is_never_entered_is_one_too() {
    assert_eq!(tree(|| drop(info_span!("made"))), "made [ok]\n");
}

#[test]
fn a_filtered_span_is_passed_over() {
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

    let capture = tracer_runtime::testing::capture();
    let wanted = filter_fn(|metadata| metadata.name() != "hidden");
    // Somebody else wants it, else `tracing` has no such span.
    let subscriber = tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::sink))
        .with(tracer_runtime::tracing_layer().with_filter(wanted));
    tracing::subscriber::with_default(subscriber, || {
        info_span!("shown").in_scope(|| {
            let hidden = info_span!("hidden");
            hidden.in_scope(|| info_span!("inside").in_scope(leaf));
            info_span!(parent: &hidden, "below").in_scope(leaf);
        });
    });
    let expected = "\
shown [ok]
  inside [ok]
    leaf [ok]
  below [ok]
    leaf [ok]
";
    assert_eq!(capture.tree(), expected);
}
