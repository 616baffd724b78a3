//! Whose child a span is in the subscriber.

use tracer_runtime::{Context, testing, traced};
use tracing_mock::{expect, subscriber};

use crate::witness::{check, written};

#[traced]
fn leaf() {
    tracing::info!("in the leaf");
}

#[traced(root)]
fn alone() {
    tracing::info!("alone");
}

#[traced(parent = context)]
fn below(context: Context) {
    tracing::info!("below");
}

/// The lines of events, by what they hang under.
fn events(call: impl FnOnce()) -> Vec<String> {
    let is_event = |line: &&str| !line.ends_with(": new") && !line.ends_with(": close");
    let lines = written(call);
    let lines = lines.lines().filter(is_event);
    lines
        .map(|line| line.replace(" subscriber::parents:", "").trim().to_owned())
        .collect()
}

#[test]
fn spans_of_either_kind_are_each_others_parents() {
    #[traced]
    fn top() {
        middle();
    }
    #[tracing::instrument]
    fn middle() {
        leaf();
    }
    for _ in 0..2 {
        assert_eq!(events(top), ["INFO top:middle:leaf: in the leaf"]);
    }
    let _capture = testing::capture();
    assert_eq!(events(top), ["INFO top:middle:leaf: in the leaf"]);
}

#[test]
fn a_root_is_a_root() {
    #[traced]
    fn top() {
        alone();
        leaf();
    }
    let _capture = testing::capture();
    assert_eq!(
        events(top),
        ["INFO alone: alone", "INFO top:leaf: in the leaf"]
    );
    let span = |name: &str| expect::span().named(name);
    let mock = subscriber::mock()
        .new_span(span("top").with_ancestry(expect::is_contextual_root()))
        .enter(span("top"))
        .new_span(span("alone").with_ancestry(expect::is_explicit_root()));
    check(mock, top);
}

#[test]
fn an_explicit_parent_is_the_subscribers_too() {
    #[traced]
    fn gives() -> Context {
        let context = Context::current();
        intermediate(context);
        context
    }
    #[traced]
    fn intermediate(context: Context) {
        below(context);
        std::thread::scope(|s| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            s.spawn(move || tracing::dispatcher::with_default(&dispatch, || below(context)));
        });
    }
    let capture = testing::capture();
    let seen = events(|| {
        let over = gives();
        // It is no more.
        below(over);
    });
    assert_eq!(
        seen,
        [
            "INFO gives:below: below",
            "INFO gives:below: below",
            "INFO below: below"
        ]
    );
    assert_eq!(
        capture.tree(),
        "gives [ok]\n  intermediate [ok]\n    leaf\n".replace("    leaf\n", "")
            + "  below [ok]\n  below [ok]\n  below [ok]\n"
    );
}

#[test]
fn the_parent_is_the_nearest_that_the_subscriber_sees() {
    use tracing_subscriber::layer::SubscriberExt as _;

    #[traced]
    fn seen() {
        unseen();
    }
    #[traced(level = "trace")]
    fn unseen() {
        below(Context::current());
    }
    let text = crate::witness::Text::default();
    let subscriber = tracing_subscriber::Registry::default()
        .with(tracing_subscriber::EnvFilter::new("info"))
        .with(
            tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .without_time()
                .with_writer(text.writer()),
        );
    let capture = testing::capture();
    tracing::subscriber::with_default(subscriber, seen);
    assert_eq!(
        text.take(),
        " INFO seen:below: subscriber::parents: below\n"
    );
    assert_eq!(capture.tree(), "seen [ok]\n  unseen [ok]\n    below [ok]\n");
}

#[test]
fn a_span_that_was_made_somewhere_hangs_there() {
    #[traced]
    fn makes() -> tracer_runtime::Span {
        let span = tracer_runtime::span!("made");
        other(span);
        tracer_runtime::span!("late")
    }
    #[traced]
    fn other(span: tracer_runtime::Span) {
        let _span = span.enter();
        tracing::info!("inside");
    }
    let _capture = testing::capture();
    let seen = events(|| {
        let _late = makes().enter();
        tracing::info!("after");
    });
    assert_eq!(seen, ["INFO makes:made: inside", "INFO late: after"]);
}

#[test]
fn a_future_with_an_explicit_parent_has_its_fields_too() {
    #[traced]
    fn gives() {
        crate::witness::block_on(waits(Context::current(), 7));
    }
    #[traced(parent = context, args(id))]
    async fn waits(context: Context, id: u8) {
        crate::witness::Pending(1).await;
        tracing::info!("inside");
    }
    assert_eq!(events(gives), ["INFO waits{id=7}: inside"]);
    let _capture = testing::capture();
    assert_eq!(events(gives), ["INFO gives:waits{id=7}: inside"]);
}
