//! `fields(…)`.

use super::instrument;
use crate::support::check;
use std::cell::Cell;
use tracing::field::{debug, display};
use tracing_mock::field::ExpectedFields;
use tracing_mock::{expect, subscriber};

fn has(name: &'static str, fields: ExpectedFields, call: impl FnOnce()) {
    let span = expect::span().named(name);
    let mock = subscriber::mock()
        .new_span(span.clone().with_fields(fields))
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, call);
}

#[instrument(fields(text = "bar", dotted.name = "x", number = 1, yes = true))]
fn literal() {}

pub(crate) fn literals() {
    let fields = expect::field("text")
        .with_value(&"bar")
        .and(expect::field("dotted.name").with_value(&"x"))
        .and(expect::field("number").with_value(&1))
        .and(expect::field("yes").with_value(&true))
        .only();
    has("literal", fields, literal);
}

#[instrument(fields(len = s.len()))]
fn expression(s: &str) {}

pub(crate) fn an_expression_of_a_parameter() {
    let fields = expect::field("s")
        .with_value(&"hello")
        .and(expect::field("len").with_value(&5_u64))
        .only();
    has("expression", fields, || expression("hello"));
}

#[instrument(fields(s.len = s.len(), s.is_empty = %s.is_empty()))]
fn expressions(s: &str) {
    let _ = s;
}

pub(crate) fn two_expressions() {
    let fields = expect::field("s")
        .with_value(&"hello")
        .and(expect::field("s.len").with_value(&5_u64))
        .and(expect::field("s.is_empty").with_value(&display(false)))
        .only();
    has("expressions", fields, || expressions("hello"));
}

#[instrument(fields(s, s.len = s.len(), n = n * 2))]
fn clashing(s: &str, n: u64) {
    let _ = (s, n);
}

pub(crate) fn a_field_in_the_place_of_a_parameter() {
    let fields = expect::field("n")
        .with_value(&4_u64)
        .and(expect::field("s.len").with_value(&5_u64))
        .only();
    has("clashing", fields, || clashing("hello", 2));
}

#[derive(Debug)]
struct Owner {
    name: &'static str,
}

impl Owner {
    const KEY: &'static str = "of.owner";

    #[instrument(fields(name = self.name))]
    fn call(&self) {}

    #[instrument(fields({ Owner::KEY } = self.name))]
    fn constant(&self) {}
}

pub(crate) fn an_expression_of_self() {
    let owner = Owner { name: "them" };
    let fields = expect::field("self")
        .with_value(&debug(&owner))
        .and(expect::field("name").with_value(&"them"))
        .only();
    has("call", fields, || owner.call());
}

#[instrument(fields(added = "yes"))]
fn with_parameters(first: u32, second: bool) {}

pub(crate) fn beside_parameters() {
    let fields = expect::field("first")
        .with_value(&1_u64)
        .and(expect::field("second").with_value(&true))
        .and(expect::field("added").with_value(&"yes"))
        .only();
    has("with_parameters", fields, || with_parameters(1, true));
}

#[instrument(fields(later, also = tracing::field::Empty))]
fn declares() {}

pub(crate) fn empty() {
    let mock = subscriber::mock()
        .new_span(expect::span().named("declares"))
        .enter("declares")
        .exit("declares")
        .drop_span("declares")
        .only();
    check(mock, declares);
}

#[instrument]
fn text(owned: String, borrowed: &str) {}

pub(crate) fn strings() {
    let fields = expect::field("owned")
        .with_value(&"one")
        .and(expect::field("borrowed").with_value(&"two"))
        .only();
    has("text", fields, || text("one".to_owned(), "two"));
}

#[instrument(fields(keywords.impl.type.fn = _word))]
fn keyword(_word: &str) {}

pub(crate) fn keywords_in_names() {
    let fields = expect::field("keywords.impl.type.fn")
        .with_value(&"test")
        .and(expect::field("_word").with_value(&"test"))
        .only();
    has("keyword", fields, || keyword("test"));
}

const NAME: &str = "from.constant";

#[instrument(fields({ NAME } = "x", plain = 1))]
fn constant() {}

pub(crate) fn a_constant_as_the_name() {
    let fields = expect::field(NAME)
        .with_value(&"x")
        .and(expect::field("plain").with_value(&1))
        .only();
    has("constant", fields, constant);
}

const fn name_of(_: u8) -> &'static str {
    "from.function"
}

#[instrument(fields({ name_of(1) } = ?"x"))]
fn const_function() {}

pub(crate) fn a_const_function_as_the_name() {
    let fields = expect::field("from.function").with_value(&debug("x")).only();
    has("const_function", fields, const_function);
}

pub(crate) fn an_associated_constant_as_the_name() {
    let owner = Owner { name: "them" };
    let fields = expect::field("of.owner")
        .with_value(&"them")
        .and(expect::field("self").with_value(&debug(&owner)))
        .only();
    has("constant", fields, || owner.constant());
}

#[instrument(fields({ "from literal" } = %"x"))]
fn literal_name() {}

pub(crate) fn a_literal_in_braces_as_the_name() {
    let fields = expect::field("from literal").with_value(&display("x")).only();
    has("literal_name", fields, literal_name);
}

const SAME: &str = "same";

#[instrument(fields({ SAME } = "field"))]
fn same_name(same: &str) {
    let _ = same;
}

pub(crate) fn a_name_in_braces_replaces_no_parameter() {
    let span = expect::span().named("same_name");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || same_name("parameter"));
}

#[instrument(fields(result))]
fn records() {
    tracing::Span::current().record("result", 7_u64);
}

pub(crate) fn recorded_later() {
    let span = expect::span().named("records");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .record(span.clone(), expect::field("result").with_value(&7_u64).only())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, records);
}

#[instrument(skip_all, fields(%first, ?second, ?third = 3, %owner.name))]
fn shorthand(first: u8, second: &str, owner: &Owner) {}

pub(crate) fn shorthand_of_display_and_debug() {
    let fields = expect::field("first")
        .with_value(&display(1))
        .and(expect::field("second").with_value(&debug("two")))
        .and(expect::field("third").with_value(&debug(3)))
        .and(expect::field("owner.name").with_value(&display("them")))
        .only();
    has("shorthand", fields, || shorthand(1, "two", &Owner { name: "them" }));
}

thread_local! {
    static EVALUATED: Cell<u64> = const { Cell::new(0) };
}

fn count() -> u64 {
    EVALUATED.set(EVALUATED.get() + 1);
    EVALUATED.get()
}

#[instrument(level = "debug", fields(count = count(), text = %count()))]
fn counts() {}

pub(crate) fn nothing_is_evaluated_where_nobody_listens() {
    EVALUATED.set(0);
    let mock = subscriber::mock()
        .with_filter(|metadata| *metadata.level() < tracing::Level::DEBUG)
        .only();
    check(mock, counts);
    // Ours may record, once.
    assert!(matches!(EVALUATED.get(), 0 | 2), "{}", EVALUATED.get());
}

pub(crate) fn an_expression_is_evaluated_once() {
    EVALUATED.set(0);
    let fields = expect::field("count")
        .with_value(&1_u64)
        .and(expect::field("text").with_value(&display(2)))
        .only();
    has("counts", fields, counts);
    assert_eq!(EVALUATED.get(), 2);
}

#[instrument(fields(number))]
fn bare(number: u64, other: u64) {
    let _ = (number, other);
}

pub(crate) fn a_bare_parameter_is_empty() {
    let fields = expect::field("other").with_value(&2_u64).only();
    has("bare", fields, || bare(1, 2));
}
