//! Functions that return a future that they have written themselves: it is the span, not its making.

use super::instrument;
use crate::support::{Polls, block_on, check};
use std::future::Future;
use std::pin::Pin;
use tracing_mock::{expect, subscriber};

#[instrument]
fn impl_future(polls: usize) -> impl Future<Output = ()> {
    async move {
        let _ = Polls(polls).await;
        tracing::info!(poll = true);
    }
}

#[instrument]
fn boxed(polls: usize) -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async move {
        let _ = Polls(polls).await;
        tracing::info!(poll = true);
    })
}

#[instrument]
fn called(polls: usize) -> Pin<Box<dyn Future<Output = ()>>> {
    async fn inside(polls: usize) {
        let _ = Polls(polls).await;
        tracing::info!(poll = true);
    }
    Box::pin(inside(polls))
}

fn is_the_future(name: &'static str, future: impl FnOnce() -> Pin<Box<dyn Future<Output = ()>>>) {
    let fields = expect::field("polls").with_value(&2_u64).only();
    let mock = subscriber::mock()
        .event(expect::event().with_fields(expect::msg("made")))
        .new_span(expect::span().named(name).with_fields(fields))
        .enter(name)
        .exit(name)
        .enter(name)
        .event(expect::event().with_fields(expect::field("poll").with_value(&true)))
        .exit(name)
        .enter(name)
        .exit(name)
        .drop_span(name)
        .only();
    check(mock, || {
        let future = future();
        tracing::info!("made");
        block_on(future);
    });
}

pub(crate) fn the_future_of_impl_future_is_the_span() {
    is_the_future("impl_future", || Box::pin(impl_future(2)));
}

pub(crate) fn the_boxed_future_is_the_span() {
    is_the_future("boxed", || boxed(2));
}

pub(crate) fn an_inner_async_function_in_a_box_is_the_span() {
    is_the_future("called", || called(2));
}

#[instrument(fields(late))]
fn works_first(number: u8) -> Pin<Box<dyn Future<Output = u8>>> {
    tracing::info!("before");
    let doubled = number * 2;
    Box::pin(async move {
        tracing::info!("inside");
        doubled
    })
}

pub(crate) fn statements_before_the_future_are_outside() {
    let span = expect::span().named("works_first");
    let mock = subscriber::mock()
        .event(
            expect::event()
                .with_fields(expect::msg("before"))
                .with_ancestry(expect::is_contextual_root()),
        )
        .new_span(span.clone().with_fields(expect::field("number").with_value(&1_u64).only()))
        .enter(span.clone())
        .event(expect::event().with_fields(expect::msg("inside")))
        .exit(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || assert_eq!(block_on(works_first(1)), 2));
}

/// Without the attribute this would need `move`; under the one of `tracing` it does not.
#[instrument]
fn without_move(text: String) -> impl Future<Output = usize> {
    async { text.len() }
}

pub(crate) fn an_async_block_may_borrow_nothing() {
    let fields = expect::field("text").with_value(&"four").only();
    let mock = subscriber::mock()
        .new_span(expect::span().named("without_move").with_fields(fields))
        .enter("without_move")
        .exit("without_move")
        .enter("without_move")
        .exit("without_move")
        .drop_span("without_move")
        .only();
    check(mock, || assert_eq!(block_on(without_move("four".into())), 4));
}
