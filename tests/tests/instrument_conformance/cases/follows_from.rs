//! `follows_from = …`.

use super::instrument;
use crate::support::{block_on, check};
use tracing::{Metadata, Span};
use tracing_mock::subscriber::MockSubscriber;
use tracing_mock::{expect, subscriber};

#[instrument(follows_from = causes, skip(causes))]
fn with_causes(causes: &[Span]) {}

#[instrument(follows_from = causes, skip(causes))]
async fn with_causes_async(causes: &[Span]) {}

#[instrument(follows_from = [&Span::current()])]
fn after_the_current() {}

fn three() -> [Span; 3] {
    [
        tracing::info_span!("cause_a"),
        tracing::info_span!("cause_b"),
        tracing::info_span!("cause_c"),
    ]
}

fn spans_of_three() -> MockSubscriber<fn(&Metadata<'_>) -> bool> {
    subscriber::mock()
        .new_span(expect::span().named("cause_a"))
        .new_span(expect::span().named("cause_b"))
        .new_span(expect::span().named("cause_c"))
}

pub(crate) fn of_functions() {
    let name = "with_causes";
    let consequence = expect::span().named(name);
    let mock = spans_of_three()
        .new_span(consequence.clone())
        .follows_from(consequence.clone(), "cause_a")
        .follows_from(consequence.clone(), "cause_b")
        .follows_from(consequence.clone(), "cause_c")
        .enter(consequence.clone())
        .exit(consequence.clone())
        .drop_span(consequence)
        .drop_span("cause_a")
        .drop_span("cause_b")
        .drop_span("cause_c")
        .only();
    check(mock, || with_causes(&three()));
}

pub(crate) fn of_async_functions() {
    let name = "with_causes_async";
    let consequence = expect::span().named(name);
    let mock = spans_of_three()
        .new_span(consequence.clone())
        .follows_from(consequence.clone(), "cause_a")
        .follows_from(consequence.clone(), "cause_b")
        .follows_from(consequence.clone(), "cause_c")
        .enter(consequence.clone())
        .exit(consequence.clone())
        .enter(consequence.clone())
        .exit(consequence.clone())
        .drop_span(consequence)
        .drop_span("cause_a")
        .drop_span("cause_b")
        .drop_span("cause_c")
        .only();
    check(mock, || block_on(with_causes_async(&three())));
}

pub(crate) fn of_the_current_span() {
    let consequence = expect::span().named("after_the_current");
    let mock = subscriber::mock()
        .new_span(expect::span().named("cause"))
        .enter("cause")
        .new_span(consequence.clone())
        .follows_from(consequence.clone(), "cause")
        .enter(consequence.clone())
        .exit(consequence.clone())
        .drop_span(consequence)
        .exit("cause")
        .drop_span("cause")
        .only();
    check(mock, || {
        tracing::info_span!("cause").in_scope(after_the_current);
    });
}
