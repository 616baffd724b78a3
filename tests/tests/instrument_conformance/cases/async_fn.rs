//! `async fn`.

use super::instrument;
use crate::support::{Polls, block_on, check};
use std::task::{Context, Waker};
use tracing_mock::{expect, subscriber};

#[instrument]
async fn polled(polls: usize) -> Result<(), &'static str> {
    let waited = Polls(polls);
    tracing::trace!(awaiting = true);
    waited.await
}

pub(crate) fn the_span_is_entered_for_polls_and_for_the_drop() {
    let mock = subscriber::mock()
        .new_span(expect::span().named("polled"))
        .enter("polled")
        .event(expect::event().with_fields(expect::field("awaiting").with_value(&true)))
        .exit("polled")
        .enter("polled")
        .exit("polled")
        .enter("polled")
        .exit("polled")
        .drop_span("polled")
        .only();
    check(mock, || block_on(polled(2)).unwrap());
}

#[instrument]
async fn failing() -> Result<(), &'static str> {
    Polls(2).await?;
    Err("failed")
}

pub(crate) fn an_error_ends_it_like_a_value() {
    let mock = subscriber::mock()
        .new_span(expect::span().named("failing"))
        .enter("failing")
        .exit("failing")
        .enter("failing")
        .exit("failing")
        .enter("failing")
        .exit("failing")
        .drop_span("failing")
        .only();
    check(mock, || assert_eq!(block_on(failing()), Err("failed")));
}

struct Tells;

impl Drop for Tells {
    fn drop(&mut self) {
        tracing::info!(dropped = true);
    }
}

#[instrument]
async fn abandoned() {
    let _tells = Tells;
    let _ = Polls(3).await;
}

pub(crate) fn a_future_dropped_in_the_middle_is_dropped_inside_of_the_span() {
    let mock = subscriber::mock()
        .new_span(expect::span().named("abandoned"))
        .enter("abandoned")
        .exit("abandoned")
        .enter("abandoned")
        .event(
            expect::event()
                .with_fields(expect::field("dropped").with_value(&true))
                .with_ancestry(expect::has_contextual_parent("abandoned")),
        )
        .exit("abandoned")
        .drop_span("abandoned")
        .only();
    check(mock, || {
        let mut future = Box::pin(abandoned());
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
    });
}

pub(crate) fn a_future_that_is_never_polled_is_no_span() {
    check(subscriber::mock().only(), || drop(Box::pin(abandoned())));
}

#[instrument]
async fn outer() {
    inner(1).await;
}

#[instrument]
async fn inner(_number: u8) {
    tracing::info!("inside");
}

pub(crate) fn nested_functions_are_children() {
    let mock = subscriber::mock()
        .new_span(expect::span().named("outer"))
        .enter("outer")
        .new_span(
            expect::span()
                .named("inner")
                .with_ancestry(expect::has_contextual_parent("outer")),
        )
        .enter("inner")
        .event(expect::event().with_fields(expect::msg("inside")))
        .exit("inner")
        .enter("inner")
        .exit("inner")
        .drop_span("inner")
        .exit("outer")
        .enter("outer")
        .exit("outer")
        .drop_span("outer")
        .only();
    check(mock, || block_on(outer()));
}

#[deny(unused_braces, clippy::suspicious_else_formatting)]
mod shapes {
    use super::instrument;
    use std::future::Future;
    use std::pin::Pin;

    #[instrument]
    pub(super) async fn returns_impl_trait(n: i32) -> Result<impl Iterator<Item = i32>, &'static str> {
        Ok(0..n)
    }

    #[instrument(err)]
    pub(super) async fn returns_impl_trait_or_an_error(n: i32) -> Result<impl Iterator<Item = i32>, &'static str> {
        Ok(0..n)
    }

    #[instrument]
    pub(super) async fn empty() {}

    #[instrument]
    pub(super) async unsafe fn empty_and_unsafe() {}

    #[instrument]
    pub(super) async fn with_inner_attributes() {
        #![allow(unused_mut, reason = "the attribute is what is tested")]
        let mut _unused = 1;
    }

    #[instrument(err, skip_all)]
    pub(super) async fn ends_in_a_match(ok: bool) -> Result<u8, String> {
        match ok {
            true => Ok(1),
            false => Err(String::from("no")),
        }
    }

    #[instrument(level = "debug")]
    pub(super) async fn if_without_else() {
        let hello = true;
        if hello {
            let _ = hello;
        }
    }

    #[instrument]
    pub(super) fn boxed() -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {})
    }

    #[instrument(ret, err)]
    pub(super) fn impl_future() -> impl Future<Output = Result<(), u8>> + use<> {
        async { Err(1).or_else(|n: u8| if n == 1 { Ok(()) } else { Err(n) }) }
    }
}

pub(crate) fn compiles() {
    check(subscriber::mock(), || {
        assert_eq!(block_on(shapes::returns_impl_trait(3)).unwrap().count(), 3);
        let found = block_on(shapes::returns_impl_trait_or_an_error(3));
        assert_eq!(found.unwrap().count(), 3);
        block_on(shapes::empty());
        // SAFETY: it does nothing.
        block_on(unsafe { shapes::empty_and_unsafe() });
        block_on(shapes::with_inner_attributes());
        assert_eq!(block_on(shapes::ends_in_a_match(true)), Ok(1));
        block_on(shapes::if_without_else());
        block_on(shapes::boxed());
        assert_eq!(block_on(shapes::impl_future()), Ok(()));
    });
}
