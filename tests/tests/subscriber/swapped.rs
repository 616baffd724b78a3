//! What must do no harm: subscribers that come and go while calls run, spans that are closed twice, guards out of order.

use std::pin::pin;

use tracer_runtime::{Context, record, testing, traced};
use tracing::dispatcher::{self, Dispatch};
use tracing::subscriber::with_default;
use tracing_mock::{expect, subscriber};

use crate::witness::{Pending, Text, block_on, lines, poll, without_times};

#[traced(args(id), fields(rows))]
async fn waits(id: u8) {
    inner();
    Pending(1).await;
    record("rows", 1);
    inner();
}

#[traced]
fn inner() {
    tracing::info!("inner");
}

#[test]
fn a_call_ends_on_the_subscriber_that_it_began_on() {
    let (first, second) = (Text::default(), Text::default());
    let (one, two) = (Dispatch::new(lines(&first)), Dispatch::new(lines(&second)));
    let mut future = pin!(waits(1));
    dispatcher::with_default(&one, || assert!(poll(future.as_mut()).is_pending()));
    dispatcher::with_default(&two, || assert!(poll(future.as_mut()).is_ready()));
    assert_eq!(
        without_times(&first.take()),
        concat!(
            " INFO waits{id=1}: subscriber::swapped: new\n",
            " INFO waits{id=1}:inner: subscriber::swapped: new\n",
            " INFO waits{id=1}:inner: subscriber::swapped: inner\n",
            " INFO waits{id=1}:inner: subscriber::swapped: close\n",
            " INFO waits{id=1}: subscriber::swapped: close\n",
        )
    );
    // It knows nothing of the outer one.
    assert_eq!(
        without_times(&second.take()),
        concat!(
            " INFO inner: subscriber::swapped: new\n",
            " INFO inner: subscriber::swapped: inner\n",
            " INFO inner: subscriber::swapped: close\n",
        )
    );
}

#[test]
fn a_call_outlives_its_subscriber() {
    let capture = testing::capture();
    let text = Text::default();
    let mut future = Box::pin(waits(2));
    with_default(lines(&text), || assert!(poll(future.as_mut()).is_pending()));
    block_on(future);
    assert_eq!(
        without_times(&text.take()),
        concat!(
            " INFO waits{id=2}: subscriber::swapped: new\n",
            " INFO waits{id=2}:inner: subscriber::swapped: new\n",
            " INFO waits{id=2}:inner: subscriber::swapped: inner\n",
            " INFO waits{id=2}:inner: subscriber::swapped: close\n",
            // Its last poll, where nobody else looks.
            " INFO waits{id=2}: subscriber::swapped: close\n",
        )
    );
    assert_eq!(
        capture.tree(),
        "waits [ok] {id=2, rows=1}\n  inner [ok]\n  inner [ok]\n"
    );
}

#[test]
fn a_subscriber_that_comes_in_the_middle_of_a_call_sees_what_begins_then() {
    let capture = testing::capture();
    let text = Text::default();
    let mut future = Box::pin(waits(3));
    assert!(poll(future.as_mut()).is_pending());
    with_default(lines(&text), || assert!(poll(future.as_mut()).is_ready()));
    drop(future);
    assert_eq!(
        text.take()
            .matches("inner: subscriber::swapped: new")
            .count(),
        1
    );
    assert_eq!(
        capture.tree(),
        "waits [ok] {id=3, rows=1}\n  inner [ok]\n  inner [ok]\n"
    );
}

#[test]
fn a_parent_of_another_subscriber_stays_there() {
    #[traced]
    fn gives(call: &dyn Fn(Context)) {
        call(Context::current());
    }
    #[traced(parent = context)]
    fn below(context: Context) {}
    let _capture = testing::capture();
    let (first, second) = (Text::default(), Text::default());
    with_default(lines(&first), || {
        gives(&|context| with_default(lines(&second), || below(context)));
    });
    assert!(
        first
            .take()
            .contains("gives:below: subscriber::swapped: new")
    );
    assert_eq!(second.take(), "");
}

#[test]
fn a_span_that_somebody_else_has_closed_is_closed_again_without_harm() {
    #[traced]
    fn closed() {
        let (id, dispatch) = tracing::Span::current()
            .with_subscriber(|(id, dispatch)| (id.clone(), dispatch.clone()))
            .unwrap();
        // The reference that the call has.
        assert!(dispatch.try_close(id));
        let _context = Context::current();
        inner();
    }
    let counted = || {
        let line = "tracer_tracing_errors_total{reason=\"unknown_span\"} ";
        let text = tracer_runtime::metrics::encode();
        let value = text.lines().find_map(|l| l.strip_prefix(line));
        value.map_or(0, |value| value.parse::<u64>().unwrap())
    };
    let (before, out) = (counted(), Text::default());
    with_default(lines(&out), || {
        closed();
        inner();
    });
    assert_eq!(
        without_times(&out.take()),
        concat!(
            " INFO closed: subscriber::swapped: new\n",
            " INFO closed: subscriber::swapped: close\n",
            // It is nobody's parent any more.
            " INFO inner: subscriber::swapped: new\n",
            " INFO inner: subscriber::swapped: inner\n",
            " INFO inner: subscriber::swapped: close\n",
            " INFO inner: subscriber::swapped: new\n",
            " INFO inner: subscriber::swapped: inner\n",
            " INFO inner: subscriber::swapped: close\n",
        )
    );
    assert!(counted() > before);
}

#[test]
fn guards_end_in_any_order() {
    let capture = testing::capture();
    let text = Text::default();
    with_default(lines(&text), || {
        let first = tracer_runtime::span!("first").enter();
        let second = tracer_runtime::span!("second").enter();
        drop(first);
        inner();
        drop(second);
        inner();
    });
    let text = without_times(&text.take());
    assert_eq!(text.matches(" close\n").count(), 4, "{text}");
    assert!(
        text.ends_with(" INFO inner: subscriber::swapped: close\n"),
        "{text}"
    );
    let _ = capture.tree();
}

#[test]
fn a_future_that_goes_to_another_thread_takes_its_span_along() {
    let span = expect::span().named("waits");
    let mut mock = subscriber::mock().with_filter(|metadata| metadata.name() == "waits");
    mock = mock.new_span(span.clone());
    for _ in 0..2 {
        mock = mock.enter(span.clone()).exit(span.clone());
    }
    let (subscriber, handle) = mock.drop_span(span).run_with_handle();
    let dispatch = Dispatch::new(subscriber);
    let mut future = Box::pin(waits(4));
    dispatcher::with_default(&dispatch, || assert!(poll(future.as_mut()).is_pending()));
    std::thread::spawn(move || assert!(poll(future.as_mut()).is_ready()))
        .join()
        .unwrap();
    handle.assert_finished();
}
