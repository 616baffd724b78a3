//! Errors, panics and cancellations told apart, without a word in the code.
//!
//! Run: `cargo run --example errors`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::time::Duration;

use tracer_runtime::{testing, traced};

#[traced]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number: u32 = text.parse()?;
    Ok(number)
}

#[traced(ok_if = Option::is_some)]
fn find(numbers: &[u32], wanted: u32) -> Option<usize> {
    numbers.iter().position(|&n| n == wanted)
}

#[traced]
fn broken() {
    panic!("out of paper");
}

#[traced]
async fn endless() {
    std::future::pending::<()>().await;
}

#[traced]
async fn day() {
    let _ = parse("7");
    let _ = parse("seven");
    let _ = find(&[1, 2], 3);
    let _ = std::panic::catch_unwind(broken);
    let _ = tokio::time::timeout(Duration::from_millis(1), endless()).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    std::panic::set_hook(Box::new(|_| ()));
    let capture = testing::capture();
    day().await;
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        "\
day [ok]
  parse [ok]
  parse [error: invalid digit found in string]
  find [error]
  broken [panic]
  endless [cancelled]
"
    );
}
