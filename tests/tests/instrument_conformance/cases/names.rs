//! `name = …` and its absence.

use super::instrument;
use crate::support::check;
use tracing_mock::{expect, subscriber};

fn is_called(name: &'static str, call: fn()) {
    let mock = subscriber::mock()
        .new_span(expect::span().named(name))
        .enter(name)
        .exit(name)
        .drop_span(name)
        .only();
    check(mock, call);
}

#[instrument]
fn default_name() {}

#[instrument(name = "my_name")]
fn with_name() {}

#[instrument("my_other_name")]
fn with_literal() {}

pub(crate) fn the_identifier() {
    is_called("default_name", default_name);
}

pub(crate) fn the_argument() {
    is_called("my_name", with_name);
}

pub(crate) fn the_literal_alone() {
    is_called("my_other_name", with_literal);
}
