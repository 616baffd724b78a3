//! With every layer at once nothing is recorded twice.

use opentelemetry::trace::noop::NoopTracer;
use tracer_runtime::{TraceContextFormat, testing, traced};
use tracing::{info, info_span, instrument};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

#[traced]
fn ours() {
    theirs();
    info!("in ours");
}

#[instrument]
fn theirs() {
    info!("in theirs");
    innermost();
}

#[traced]
fn innermost() {}

#[test]
fn each_span_and_event_is_there_once() {
    let lines = fmt::layer()
        .with_writer(std::io::sink)
        .map_event_format(TraceContextFormat::text);
    let subscriber = tracing_subscriber::registry()
        .with(lines.with_filter(EnvFilter::new("info")))
        .with(tracing_opentelemetry::layer().with_tracer(NoopTracer::new()))
        .with(tracer_runtime::tracing_layer());
    let capture = testing::capture();
    tracing::subscriber::with_default(subscriber, || {
        info_span!("root").in_scope(ours);
    });
    let tree = capture.tree().replace(module_path!(), "here");
    let expected = "\
root [ok]
  ours [ok]
    theirs [ok]
      * in theirs {level=\"INFO\", target=\"here\"}
      innermost [ok]
    * in ours {level=\"INFO\", target=\"here\"}
";
    assert_eq!(tree, expected);
}

#[test]
fn an_annotated_function_has_no_second_span_for_our_layer() {
    #[traced]
    fn alone() {}
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry().with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(subscriber, alone);
    assert_eq!(capture.tree(), "alone [ok]\n");
}

#[test]
fn a_span_may_name_the_annotated_function_that_a_subscriber_sees() {
    #[traced]
    fn seen() {
        let current = tracing::Span::current();
        assert_eq!(
            current.metadata().map(|metadata| metadata.name()),
            Some("seen")
        );
        info_span!(parent: &current, "named").in_scope(innermost);
    }
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().with_writer(std::io::sink))
        .with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(subscriber, seen);
    assert_eq!(
        capture.tree(),
        "seen [ok]\n  named [ok]\n    innermost [ok]\n"
    );
}

#[tracer_runtime::instrument]
fn instrumented(number: u8) {
    tracing::info_span!("inside").in_scope(|| tracing::info!("said"));
}

#[test]
fn an_instrumented_function_is_one_span_from_its_first_call_on() {
    for _ in 0..2 {
        let capture = tracer_runtime::testing::capture();
        let layers = tracing_subscriber::registry().with(tracer_runtime::tracing_layer());
        tracing::subscriber::with_default(layers, || instrumented(1));
        let spans = capture.spans();
        let names: Vec<_> = spans.iter().map(|span| span.name()).collect();
        assert_eq!(names, ["instrumented", "inside"], "{}", capture.tree());
        assert_eq!(spans[1].parent_id, spans[0].span_id);
    }
}

#[traced]
fn begun(at: &mut Option<tracing::Span>) {
    *at = Some(tracing::Span::current());
    let earlier = at.as_ref().unwrap();
    between(earlier);
}

#[traced]
fn between(earlier: &tracing::Span) {
    info_span!(parent: earlier, "named").in_scope(innermost);
    let follows = info_span!("follows");
    follows.follows_from(earlier);
}

#[test]
fn a_span_may_name_an_annotated_function_that_is_not_the_innermost_one() {
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().with_writer(std::io::sink))
        .with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(subscriber, || begun(&mut None));
    assert_eq!(
        capture.tree(),
        "\
begun [ok]
  between [ok]
    follows [ok]
  named [ok]
    innermost [ok]
"
    );
    let spans = capture.spans();
    let find = |name: &str| spans.iter().find(|span| span.name() == name).unwrap();
    let links: Vec<_> = find("follows").links.iter().map(|l| l.span_id).collect();
    assert_eq!(links, [find("begun").span_id]);
}

#[test]
fn a_span_on_another_thread_may_name_an_annotated_function_that_runs() {
    #[traced]
    fn waits() {
        let current = tracing::Span::current();
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    info_span!(parent: &current, "elsewhere").in_scope(innermost);
                });
            });
        });
    }
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry()
        .with(fmt::layer().with_writer(std::io::sink))
        .with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(subscriber, waits);
    assert_eq!(
        capture.tree(),
        "waits [ok]\n  elsewhere [ok]\n    innermost [ok]\n"
    );
}
