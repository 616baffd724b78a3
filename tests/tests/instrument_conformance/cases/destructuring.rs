//! Patterns as parameters: each name that they bind is a field.

use super::instrument;
use crate::support::check;
use tracing::field::debug;
use tracing_mock::field::ExpectedFields;
use tracing_mock::{expect, subscriber};

fn has(name: &'static str, fields: ExpectedFields, call: impl FnOnce()) {
    let mock = subscriber::mock()
        .new_span(expect::span().named(name).with_fields(fields))
        .enter(name)
        .exit(name)
        .drop_span(name)
        .only();
    check(mock, call);
}

#[instrument]
fn pair((first, second): (usize, usize)) {}

pub(crate) fn tuples() {
    let fields = expect::field("first")
        .with_value(&debug(1))
        .and(expect::field("second").with_value(&debug(2)))
        .only();
    has("pair", fields, || pair((1, 2)));
}

#[instrument]
fn nested(((first, second), third): ((usize, usize), usize)) {}

pub(crate) fn nested_tuples() {
    let fields = expect::field("first")
        .with_value(&debug(1))
        .and(expect::field("second").with_value(&debug(2)))
        .and(expect::field("third").with_value(&debug(3)))
        .only();
    has("nested", fields, || nested(((1, 2), 3)));
}

#[instrument]
fn reference(&number: &usize) {}

pub(crate) fn references() {
    let fields = expect::field("number").with_value(&1_u64).only();
    has("reference", fields, || reference(&1));
}

struct Wrapped(usize, usize);

#[instrument]
fn tuple_struct(Wrapped(first, second): Wrapped) {}

pub(crate) fn tuple_structs() {
    let fields = expect::field("first")
        .with_value(&debug(1))
        .and(expect::field("second").with_value(&debug(2)))
        .only();
    has("tuple_struct", fields, || tuple_struct(Wrapped(1, 2)));
}

struct Named {
    left: usize,
    right: usize,
}

#[instrument]
fn whole(Named { left, right: renamed }: Named) {}

#[instrument]
fn part(Named { left, .. }: Named) {}

pub(crate) fn structs() {
    let fields = expect::field("left")
        .with_value(&debug(1))
        .and(expect::field("renamed").with_value(&debug(2)))
        .only();
    has("whole", fields, || whole(Named { left: 1, right: 2 }));
    let fields = expect::field("left").with_value(&debug(1)).only();
    has("part", fields, || part(Named { left: 1, right: 2 }));
}

struct Deep {
    tuple: Wrapped,
    named: Named,
    reference: (usize, u8),
}

#[instrument]
fn all(
    &Deep {
        tuple: Wrapped(first, ..),
        named: Named { left, right: ref second_of_named },
        reference: (second, _),
    }: &Deep,
) {
}

pub(crate) fn everything() {
    let fields = expect::field("first")
        .with_value(&debug(1))
        .and(expect::field("left").with_value(&debug(2)))
        .and(expect::field("second_of_named").with_value(&debug(3)))
        .and(expect::field("second").with_value(&debug(4)))
        .only();
    let deep = Deep {
        tuple: Wrapped(1, 0),
        named: Named { left: 2, right: 3 },
        reference: (4, 0),
    };
    has("all", fields, || all(&deep));
}
