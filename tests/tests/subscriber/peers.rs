//! Subscribers that other people wrote.

use tracer_runtime::traced;
use tracing::subscriber::with_default;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::witness::{Text, written};

#[traced(args(id))]
fn order(id: u8) {
    charge();
}

const LINE_OF_CHARGE: u32 = line!() + 3;

#[traced]
fn charge() {
    tracing::info!("charged");
}

#[test]
fn tracing_error_traces_through_our_spans() {
    use tracing_error::{ErrorLayer, SpanTrace};

    #[traced(args(id), fields(depth = 2))]
    fn outer(id: u8) -> SpanTrace {
        native()
    }
    #[tracing::instrument]
    fn native() -> SpanTrace {
        captures()
    }
    #[traced]
    fn captures() -> SpanTrace {
        SpanTrace::capture()
    }
    let trace = with_default(Registry::default().with(ErrorLayer::default()), || outer(7));
    let mut seen = Vec::new();
    trace.with_spans(|metadata, fields| {
        seen.push(format!(
            "{} {fields} {}",
            metadata.name(),
            metadata.file().is_some()
        ));
        true
    });
    assert_eq!(
        seen,
        ["captures  true", "native  true", "outer id=7 depth=2 true"]
    );
}

#[test]
fn tracing_tree_indents_by_our_spans_as_by_those_of_tracing() {
    mod theirs {
        #[tracing::instrument(skip_all, fields(id = id))]
        pub(super) fn order(id: u8) {
            charge();
        }

        #[tracing::instrument]
        fn charge() {
            tracing::info!("charged");
        }
    }
    let tree = |run: fn(u8)| {
        let text = Text::default();
        let layer = tracing_tree::HierarchicalLayer::new(2)
            .with_ansi(false)
            .with_writer(text.writer());
        with_default(Registry::default().with(layer), || run(7));
        text.take()
    };
    let ours = tree(order);
    assert!(ours.contains("order id=7"), "{ours}");
    assert_eq!(ours, tree(theirs::order));
}

#[test]
fn our_spans_say_where_they_are_in_the_code() {
    let text = Text::default();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_file(true)
        .with_line_number(true)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::NEW)
        .with_writer(text.writer())
        .finish();
    with_default(subscriber, charge);
    let line = text.take().lines().next().unwrap().to_owned();
    let place = format!("peers.rs:{LINE_OF_CHARGE}: new");
    assert!(line.contains(&place), "{line}");
    assert!(written(charge).starts_with(" INFO charge: subscriber::peers: new"));
}
