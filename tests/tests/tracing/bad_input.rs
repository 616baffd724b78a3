//! Bad input: no panic, no wrong parent, counted.

use tracer_runtime::{metrics, testing, traced};
use tracing::span::Id;
use tracing::{Dispatch, Level, info_span, span};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{subscriber, tree};

#[traced]
fn leaf() {}

/// How often something was counted for this reason, in the whole process.
fn counted(reason: &str) -> u64 {
    let line = format!("tracer_tracing_errors_total{{reason=\"{reason}\"}} ");
    let text = metrics::encode();
    let value = text.lines().find_map(|l| l.strip_prefix(&line));
    value.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn a_span_that_is_closed_twice_ends_once() {
    use tracing_subscriber::Layer as _;

    /// Hands every close on twice.
    struct Twice<L>(L);
    impl<S, L> tracing_subscriber::Layer<S> for Twice<L>
    where
        S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
        L: tracing_subscriber::Layer<S>,
    {
        fn on_layer(&mut self, subscriber: &mut S) {
            self.0.on_layer(subscriber);
        }
        fn on_new_span(
            &self,
            attributes: &span::Attributes<'_>,
            id: &Id,
            all: tracing_subscriber::layer::Context<'_, S>,
        ) {
            self.0.on_new_span(attributes, id, all);
        }
        fn on_close(&self, id: Id, all: tracing_subscriber::layer::Context<'_, S>) {
            self.0.on_close(id.clone(), all.clone());
            self.0.on_close(id, all);
        }
    }
    let before = counted("unknown_span");
    let capture = testing::capture();
    let twice = Twice(tracer_runtime::tracing_layer()).boxed();
    let subscriber = tracing_subscriber::registry().with(twice);
    tracing::subscriber::with_default(subscriber, || drop(info_span!("once")));
    assert_eq!(capture.tree(), "once [ok]\n");
    assert!(counted("unknown_span") > before);
}

#[test]
fn a_span_whose_parent_we_do_not_know_begins_a_trace() {
    let dispatch = Dispatch::new(subscriber());
    // Made when nobody records.
    let unknown = tracing::dispatcher::with_default(&dispatch, || info_span!("before"));
    let before = counted("unknown_parent");
    let capture = testing::capture();
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("current").in_scope(|| {
            info_span!(parent: &unknown, "child").in_scope(leaf);
        });
    });
    assert_eq!(capture.tree(), "current [ok]\nchild [ok]\n  leaf [ok]\n");
    assert!(counted("unknown_parent") > before);
}

#[test]
fn an_event_for_a_span_that_we_do_not_know_goes_nowhere() {
    let dispatch = Dispatch::new(subscriber());
    let unknown = tracing::dispatcher::with_default(&dispatch, || info_span!("before"));
    let capture = testing::capture();
    tracing::dispatcher::with_default(&dispatch, || {
        info_span!("current").in_scope(|| {
            tracing::info!(parent: &unknown, "lost");
            unknown.record("none", 1);
            tracing::Span::current().follows_from(&unknown);
        });
    });
    assert_eq!(capture.tree(), "current [ok]\n");
}

#[test]
fn a_value_for_a_field_that_was_not_declared_is_left_out() {
    let tree = tree(|| {
        let span = info_span!("declared", a = 1);
        span.record("b", 2);
    });
    assert_eq!(tree, "declared [ok] {a=1}\n");
}

#[test]
fn a_second_layer_in_a_subscriber_does_nothing() {
    let before = counted("installed_twice");
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry()
        .with(tracer_runtime::tracing_layer())
        .with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        info_span!("once").in_scope(|| {
            tracing::info!("told");
            leaf();
        });
    });
    let tree = capture.tree();
    assert_eq!(tree.matches("once").count(), 1, "{tree}");
    assert_eq!(tree.matches("told").count(), 1, "{tree}");
    assert!(tree.ends_with("  leaf [ok]\n"), "{tree}");
    assert!(counted("installed_twice") > before);
}

#[test]
fn a_second_layer_that_hides_in_a_group_is_found_out_by_its_first_span() {
    use tracing_subscriber::Layer as _;

    let before = counted("installed_twice");
    let capture = testing::capture();
    let both = tracer_runtime::tracing_layer().and_then(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(both), || {
        info_span!("once").in_scope(|| {
            tracing::info!("told");
            leaf();
        });
    });
    let tree = capture.tree();
    assert_eq!(tree.matches("once").count(), 1, "{tree}");
    assert_eq!(tree.matches("told").count(), 1, "{tree}");
    assert!(counted("installed_twice") > before);
}

#[test]
fn a_subscriber_that_comes_in_between_knows_its_own_spans_only() {
    let capture = testing::capture();
    let (first, second) = (Dispatch::new(subscriber()), Dispatch::new(subscriber()));
    tracing::dispatcher::with_default(&first, || {
        let outer = info_span!("outer").entered();
        let inner = tracing::dispatcher::with_default(&second, || {
            let inner = info_span!("inner").entered();
            leaf();
            inner
        });
        leaf();
        drop(outer);
        leaf();
        drop(inner);
        leaf();
    });
    let expected = "\
outer [ok]
  inner [ok]
    leaf [ok]
    leaf [ok]
    leaf [ok]
leaf [ok]
";
    assert_eq!(capture.tree(), expected);
}

#[test]
fn a_subscriber_that_goes_with_open_spans_takes_them_along() {
    let before = counted("subscriber_gone");
    let capture = testing::capture();
    let dispatch = Dispatch::new(subscriber());
    tracing::dispatcher::with_default(&dispatch, || {
        let span = info_span!("open");
        // A handle that nobody gives back.
        let _id = dispatch.clone_span(&span.id().unwrap());
        span.in_scope(leaf);
    });
    drop(dispatch);
    leaf();
    assert_eq!(capture.tree(), "open [cancelled]\n  leaf [ok]\nleaf [ok]\n");
    assert!(counted("subscriber_gone") > before);
}

#[test]
fn a_span_that_is_closed_while_it_is_entered_is_no_parent_any_more() {
    let before = counted("closed_while_entered");
    let capture = testing::capture();
    let dispatch = Dispatch::new(subscriber());
    tracing::dispatcher::with_default(&dispatch, || {
        let span = info_span!("closed");
        let id = span.id().unwrap();
        dispatch.enter(&id);
        leaf();
        drop(span);
        leaf();
        dispatch.exit(&id);
        leaf();
    });
    assert_eq!(
        capture.tree(),
        "closed [ok]\n  leaf [ok]\nleaf [ok]\nleaf [ok]\n"
    );
    assert!(counted("closed_while_entered") > before);
}

#[test]
fn exits_without_entries_change_nothing() {
    let capture = testing::capture();
    let dispatch = Dispatch::new(subscriber());
    tracing::dispatcher::with_default(&dispatch, || {
        let outer = info_span!("outer");
        let other = span!(Level::INFO, "other");
        outer.in_scope(|| {
            dispatch.exit(&other.id().unwrap());
            dispatch.exit(&other.id().unwrap());
            leaf();
        });
    });
    assert_eq!(capture.tree(), "outer [ok]\n  leaf [ok]\nother [ok]\n");
}
