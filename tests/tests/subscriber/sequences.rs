//! What the subscriber is told, in that order.

use std::panic::catch_unwind;
use std::pin::{Pin, pin};

use tracer_runtime::{testing, traced};
use tracing::Level;
use tracing_mock::{expect, subscriber};

use crate::witness::{Pending, block_on, check, poll, written};

#[test]
fn a_function_is_entered_left_and_closed() {
    #[traced]
    fn plain() {
        tracing::info!("inside");
    }
    let span = expect::span()
        .named("plain")
        .at_level(Level::INFO)
        .with_target(module_path!());
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .event(expect::event())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, plain);
}

#[test]
fn name_target_and_level_are_those_of_the_attribute() {
    #[traced(name = "renamed", target = "elsewhere", level = "debug")]
    fn named() {}
    let span = expect::span()
        .named("renamed")
        .at_level(Level::DEBUG)
        .with_target("elsewhere");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, named);
}

#[test]
fn a_future_is_entered_at_each_poll_and_closed_at_its_end() {
    #[traced]
    async fn waits(polls: usize) {
        Pending(polls).await;
    }
    let span = expect::span().named("waits");
    let mut mock = subscriber::mock().new_span(span.clone());
    for _ in 0..3 {
        mock = mock.enter(span.clone()).exit(span.clone());
    }
    check(mock.drop_span(span).only(), || block_on(waits(2)));
}

#[test]
fn a_future_that_is_dropped_is_entered_once_more() {
    struct Tells;
    impl Drop for Tells {
        fn drop(&mut self) {
            tracing::info!("dropped");
        }
    }
    #[traced]
    async fn cancelled() {
        let _tells = Tells;
        Pending(5).await;
    }
    let span = expect::span().named("cancelled");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .enter(span.clone())
        .event(expect::event())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || {
        let mut future = Box::pin(cancelled());
        assert!(poll(future.as_mut()).is_pending());
    });
}

#[test]
fn a_future_that_is_never_polled_is_no_span() {
    #[traced]
    async fn idle() {}
    check(subscriber::mock().only(), || drop(idle()));
}

#[test]
fn a_function_that_returns_a_future_is_a_span_from_its_start() {
    #[traced]
    fn prepares() -> Pin<Box<dyn Future<Output = u8>>> {
        tracing::info!("prepared");
        let later = async {
            Pending(1).await;
            7
        };
        Box::pin(later)
    }
    let span = expect::span().named("prepares");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .event(expect::event())
        .exit(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || assert_eq!(block_on(prepares()), 7));
}

#[test]
fn unwinding_leaves_and_closes_the_span() {
    #[traced]
    fn unwinds(id: u8) -> u8 {
        let none: Option<u8> = std::hint::black_box(None);
        none.expect("nothing there") + id
    }
    // The mock does not look while a thread unwinds.
    let lines = written(|| {
        assert!(catch_unwind(|| unwinds(1)).is_err());
        tracing::info!("outside");
    });
    assert_eq!(
        lines,
        concat!(
            " INFO unwinds: subscriber::sequences: new\n",
            " INFO unwinds: subscriber::sequences: close\n",
            " INFO subscriber::sequences: outside\n",
        )
    );
}

#[test]
fn an_error_emits_no_event() {
    #[traced]
    fn fails() -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }
    let span = expect::span().named("fails");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || assert!(fails().is_err()));
}

#[test]
fn what_is_recorded_does_not_change_what_the_subscriber_sees() {
    #[traced]
    async fn both(polls: usize) {
        Pending(polls).await;
    }
    let span = expect::span().named("both");
    let mock = || {
        let mut mock = subscriber::mock().new_span(span.clone());
        for _ in 0..2 {
            mock = mock.enter(span.clone()).exit(span.clone());
        }
        mock.drop_span(span.clone()).only()
    };
    check(mock(), || block_on(both(1)));
    let capture = testing::capture();
    check(mock(), || block_on(both(1)));
    assert_eq!(capture.tree(), "both [ok]\n");
}

#[test]
fn functions_that_are_counted_only_are_no_spans() {
    #[traced(metrics_only)]
    fn counted() {}
    #[traced(metrics = off)]
    fn seen() {}
    let span = expect::span().named("seen");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || {
        counted();
        seen();
    });
}

#[test]
fn a_span_of_its_own_is_one_of_the_subscribers_too() {
    let span = expect::span().named("block");
    let fields = expect::field("shard").with_value(&3_i64);
    let mock = subscriber::mock()
        .new_span(span.clone().with_fields(fields.only()))
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || {
        let _guard = tracer_runtime::span!("block", shard = 3).enter();
    });
}

#[test]
fn a_future_in_a_span_of_its_own_is_one_of_the_subscribers_too() {
    use tracer_runtime::FutureExt as _;

    let span = expect::span().named("around");
    let fields = expect::field("shard").with_value(&3_i64);
    let mock = subscriber::mock()
        .new_span(span.clone().with_fields(fields.only()))
        .enter(span.clone())
        .exit(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || {
        let mut future = pin!(Pending(1).in_span(tracer_runtime::span!("around", shard = 3)));
        block_on(future.as_mut());
    });
}
