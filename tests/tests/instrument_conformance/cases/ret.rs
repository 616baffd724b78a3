//! `ret`.

use super::instrument;
use crate::support::{Polls, block_on, check};
use tracing::{Level, field};
use tracing_mock::event::ExpectedEvent;
use tracing_mock::{expect, subscriber};

/// The span, and in it this event.
fn says(name: &'static str, level: Level, event: ExpectedEvent, call: impl FnOnce()) {
    let span = expect::span().named(name).at_level(level);
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .event(event.with_ancestry(expect::has_contextual_parent(name)))
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, call);
}

fn returned(level: Level, value: &dyn tracing::Value) -> ExpectedEvent {
    expect::event()
        .at_level(level)
        .with_fields(expect::field("return").with_value(value).only())
}

#[instrument(ret)]
fn plain() -> i32 {
    42
}

pub(crate) fn the_value_is_an_event_inside_of_the_span() {
    let event = returned(Level::INFO, &field::debug(42));
    says("plain", Level::INFO, event, || assert_eq!(plain(), 42));
}

#[instrument(target = "elsewhere", ret)]
fn elsewhere() -> i32 {
    42
}

pub(crate) fn with_the_target_of_the_span() {
    let event = returned(Level::INFO, &field::debug(42)).with_target("elsewhere");
    says("elsewhere", Level::INFO, event, || assert_eq!(elsewhere(), 42));
}

#[instrument(level = "warn", ret)]
fn warns() -> i32 {
    42
}

pub(crate) fn at_the_level_of_the_span() {
    let event = returned(Level::WARN, &field::debug(42));
    says("warns", Level::WARN, event, || assert_eq!(warns(), 42));
}

#[instrument(ret)]
fn writes(out: &mut i32) -> i32 {
    *out *= 2;
    tracing::trace!(out);
    *out
}

pub(crate) fn of_functions_that_write_to_a_parameter() {
    let span = expect::span().named("writes");
    let seen = expect::field("out").with_value(&2_i64).only();
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .event(expect::event().at_level(Level::TRACE).with_fields(seen))
        .event(returned(Level::INFO, &field::debug(2)))
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || assert_eq!(writes(&mut 1), 2));
}

#[instrument(ret)]
async fn polled() -> i32 {
    let _ = Polls(2).await;
    42
}

pub(crate) fn of_async_functions() {
    let span = expect::span().named("polled");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .enter(span.clone())
        .event(returned(Level::INFO, &field::debug(42)))
        .exit(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || assert_eq!(block_on(polled()), 42));
}

#[instrument(ret)]
fn opaque() -> impl Copy + std::fmt::Debug {
    42
}

pub(crate) fn of_impl_trait() {
    let event = returned(Level::INFO, &field::debug(42));
    says("opaque", Level::INFO, event, || {
        opaque();
    });
}

#[instrument(ret(Display))]
fn displays() -> &'static str {
    "shown"
}

pub(crate) fn by_display() {
    let event = returned(Level::INFO, &field::display("shown"));
    says("displays", Level::INFO, event, || {
        displays();
    });
}

#[instrument(err, ret)]
fn either(number: i32) -> Result<u8, std::num::TryFromIntError> {
    u8::try_from(number)
}

pub(crate) fn of_a_result_with_err_only_ok() {
    let event = returned(Level::INFO, &field::debug(4));
    says("either", Level::INFO, event, || assert_eq!(either(4), Ok(4)));
}

pub(crate) fn of_an_error_with_err() {
    let error = u8::try_from(1234).unwrap_err();
    let event = expect::event()
        .at_level(Level::ERROR)
        .with_fields(expect::field("error").with_value(&field::display(error)).only());
    says("either", Level::INFO, event, || assert!(either(1234).is_err()));
}

#[instrument(ret)]
fn whole(number: i32) -> Result<u8, String> {
    u8::try_from(number).map_err(|_| "too much".to_owned())
}

pub(crate) fn of_a_result_alone() {
    let value: Result<u8, &str> = Err("too much");
    let event = returned(Level::INFO, &field::debug(value));
    says("whole", Level::INFO, event, || assert!(whole(1234).is_err()));
}

#[instrument(level = "warn", ret(level = "info"))]
fn warns_and_informs() -> i32 {
    42
}

pub(crate) fn at_a_level_of_its_own() {
    let event = returned(Level::INFO, &field::debug(42));
    says("warns_and_informs", Level::WARN, event, || {
        assert_eq!(warns_and_informs(), 42);
    });
}

#[instrument(ret(Debug, level = Level::WARN))]
fn warns_by_debug() -> i32 {
    42
}

pub(crate) fn by_debug_at_a_level() {
    let event = returned(Level::WARN, &field::debug(42));
    says("warns_by_debug", Level::INFO, event, || assert_eq!(warns_by_debug(), 42));
}
