//! Pains in what is recorded.

use super::*;
use std::error::Error;
use std::fmt;
use tracer_runtime::CallOutcome;

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("inner")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {}

#[traced]
fn fails() -> Result<(), Box<dyn Error>> {
    Err(Box::new(Outer(Inner)))
}

#[test]
fn row_4_an_error_is_the_outcome_of_the_span_once() {
    let spans = spans(fails);
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].outcome, Some(CallOutcome::Error));
    assert!(spans[0].attributes.is_empty());
    // An event would be a line of its own.
    assert_eq!(tree(fails), "fails [error: outer]\n");
}

fn is_serious(result: &Result<(), u8>) -> bool {
    matches!(result, Err(code) if *code > 10)
}

#[traced(error_if = is_serious)]
fn expected(code: u8) -> Result<(), u8> {
    Err(code)
}

#[test]
fn row_5_expected_errors_can_be_told() {
    assert_eq!(tree(|| expected(1)), "expected [ok]\n");
    assert_eq!(tree(|| expected(11)), "expected [error: 11]\n");
}

#[test]
fn row_6_the_chain_of_sources_is_recorded() {
    let failure = spans(fails).remove(0).failure.unwrap();
    assert_eq!(failure.message.as_deref(), Some("outer"));
    assert_eq!(failure.chain, ["inner"]);
}

#[traced]
fn log_in(_password: &str) {}

#[test]
fn row_7_nothing_is_recorded_unless_named() {
    assert_eq!(tree(|| log_in("secret")), "log_in [ok]\n");
}

struct Neither;

#[traced(args(*))]
fn opaque(_a: Neither, _b: &Neither) {}

#[test]
fn row_8_no_parameter_needs_debug() {
    assert_eq!(
        tree(|| opaque(Neither, &Neither)),
        "opaque [ok] {_a=\"regressions::outcomes::Neither\", _b=\"&regressions::outcomes::Neither\"}\n"
    );
}

#[traced(fields(id, later))]
fn bare(id: u8) -> u8 {
    tracer_runtime::record("later", true);
    id
}

#[test]
fn row_9_a_bare_field_records_its_parameter() {
    assert_eq!(tree(|| bare(7)), "bare [ok] {id=7, later=true}\n");
}

struct Shop;
struct Bank;

#[traced]
impl Shop {
    fn new() -> Self {
        Self
    }
}

#[traced]
impl Bank {
    fn new() -> Self {
        Self
    }
}

#[test]
fn row_10_methods_are_named_with_their_type() {
    let text = tree(|| {
        let _ = (Shop::new(), Bank::new());
    });
    assert_eq!(text, "Shop::new [ok]\nBank::new [ok]\n");
}
