//! `err`.

use super::instrument;
use crate::support::{Polls, block_on, check};
use tracing::{Level, field};
use tracing_mock::event::ExpectedEvent;
use tracing_mock::{expect, subscriber};

type Number = Result<u8, std::num::TryFromIntError>;

fn not_a_byte() -> std::num::TryFromIntError {
    u8::try_from(1234).unwrap_err()
}

fn event(level: Level) -> ExpectedEvent {
    expect::event().at_level(level)
}

/// The event comes while the span is entered, in each poll but the last.
fn says(name: &'static str, level: Level, event: ExpectedEvent, polls: usize, call: impl FnOnce()) {
    let span = expect::span().named(name).at_level(level);
    let mut mock = subscriber::mock().new_span(span.clone()).enter(span.clone());
    for _ in 1..polls {
        mock = mock.exit(span.clone()).enter(span.clone());
    }
    mock = mock
        .event(event.with_ancestry(expect::has_contextual_parent(name)))
        .exit(span.clone());
    if polls > 0 {
        mock = mock.enter(span.clone()).exit(span.clone());
    }
    check(mock.drop_span(span).only(), call);
}

fn displayed() -> tracing_mock::field::ExpectedFields {
    expect::field("error").with_value(&field::display(not_a_byte())).only()
}

#[instrument(err)]
fn plain(number: i32) -> Number {
    u8::try_from(number)
}

pub(crate) fn an_error_is_an_event_inside_of_the_span() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("plain", Level::INFO, event, 0, || assert!(plain(1234).is_err()));
    let quiet = subscriber::mock()
        .new_span(expect::span().named("plain"))
        .enter("plain")
        .exit("plain")
        .drop_span("plain")
        .only();
    check(quiet, || assert_eq!(plain(12), Ok(12)));
}

#[instrument(err)]
fn early(number: i32) -> Number {
    let _never = u8::try_from(number)?;
    if number > 0 {
        return Ok(7);
    }
    Ok(8)
}

pub(crate) fn question_marks_return_early() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("early", Level::INFO, event, 0, || assert!(early(1234).is_err()));
    check(subscriber::mock(), || assert_eq!(early(1), Ok(7)));
}

#[instrument(err)]
async fn polled(polls: usize) -> Number {
    let _ = Polls(polls).await;
    let number = u8::try_from(1234)?;
    Ok(number)
}

pub(crate) fn of_async_functions() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("polled", Level::INFO, event, 2, || assert!(block_on(polled(2)).is_err()));
}

#[instrument(err)]
fn writes(out: &mut u8) -> Result<(), std::num::TryFromIntError> {
    *out = 8;
    *out = u8::try_from(1234)?;
    Ok(())
}

pub(crate) fn of_functions_that_write_to_a_parameter() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("writes", Level::INFO, event, 0, || {
        let mut out = 0;
        assert!(writes(&mut out).is_err());
        assert_eq!(out, 8);
    });
}

#[instrument(err)]
async fn writes_async(polls: usize, out: &mut u8) -> Result<(), std::num::TryFromIntError> {
    let _ = Polls(polls).await;
    *out = 8;
    *out = u8::try_from(1234)?;
    Ok(())
}

pub(crate) fn of_async_functions_that_write_to_a_parameter() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("writes_async", Level::INFO, event, 2, || {
        let mut out = 0;
        assert!(block_on(writes_async(2, &mut out)).is_err());
        assert_eq!(out, 8);
    });
}

#[instrument(err)]
fn opaque(number: i32) -> Result<impl Iterator<Item = u8>, std::num::TryFromIntError> {
    Ok(0..u8::try_from(number)?)
}

pub(crate) fn with_impl_trait_in_the_result() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("opaque", Level::INFO, event, 0, || assert!(opaque(1234).is_err()));
}

#[instrument(err(Debug))]
fn by_debug_fn() -> Number {
    u8::try_from(1234)
}

pub(crate) fn by_debug() {
    let debug = expect::field("error").with_value(&field::debug(not_a_byte()));
    let event = event(Level::ERROR).with_fields(debug.only());
    says("by_debug_fn", Level::INFO, event, 0, || assert!(by_debug_fn().is_err()));
}

#[instrument(err(Display))]
fn by_display_fn() -> Number {
    u8::try_from(1234)
}

pub(crate) fn by_display() {
    let event = event(Level::ERROR).with_fields(displayed());
    says("by_display_fn", Level::INFO, event, 0, || {
        assert!(by_display_fn().is_err());
    });
}

#[instrument(err, target = "elsewhere")]
fn elsewhere() -> Number {
    u8::try_from(1234)
}

pub(crate) fn with_the_target_of_the_span() {
    let span = expect::span().named("elsewhere").with_target("elsewhere");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .event(event(Level::ERROR).with_target("elsewhere").with_fields(displayed()))
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || assert!(elsewhere().is_err()));
}

#[instrument(err(level = "info"))]
fn informs() -> Number {
    u8::try_from(1234)
}

pub(crate) fn at_a_level() {
    let event = event(Level::INFO).with_fields(displayed());
    says("informs", Level::INFO, event, 0, || assert!(informs().is_err()));
}

#[instrument(err(Debug, level = Level::INFO))]
fn informs_by_debug() -> Number {
    u8::try_from(1234)
}

#[instrument(err(level = 2, Debug))]
fn informs_by_debug_in_the_other_order() -> Number {
    u8::try_from(1234)
}

pub(crate) fn by_debug_at_a_level() {
    let debug = || expect::field("error").with_value(&field::debug(not_a_byte())).only();
    let at = |level| event(level).with_fields(debug());
    says("informs_by_debug", Level::INFO, at(Level::INFO), 0, || {
        assert!(informs_by_debug().is_err());
    });
    let name = "informs_by_debug_in_the_other_order";
    says(name, Level::INFO, at(Level::DEBUG), 0, || {
        assert!(informs_by_debug_in_the_other_order().is_err());
    });
}

#[instrument(level = "warn", err(level = "info"))]
fn warns_and_informs() -> Number {
    u8::try_from(1234)
}

pub(crate) fn the_level_of_the_span_is_its_own() {
    let event = event(Level::INFO).with_fields(displayed());
    says("warns_and_informs", Level::WARN, event, 0, || {
        assert!(warns_and_informs().is_err());
    });
}

#[deny(clippy::suspicious_else_formatting)]
mod shapes {
    use super::{Number, instrument};

    #[instrument(err)]
    pub(super) fn nothing() -> Result<(), String> {
        Ok(())
    }

    #[instrument(err, ret)]
    pub(super) fn loops(number: u8) -> Number {
        for n in 0.. {
            if n == number {
                return Ok(n);
            }
        }
        unreachable!()
    }
}

pub(crate) fn compiles() {
    check(subscriber::mock(), || {
        shapes::nothing().unwrap();
        assert_eq!(shapes::loops(3), Ok(3));
    });
}
