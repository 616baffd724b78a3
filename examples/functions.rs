//! The attribute on functions: names, recorded arguments, events.
//!
//! Run: `cargo run --example functions`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tracer_runtime::{checkpoint, event, record, testing, traced};

#[traced]
fn place_order(id: u64) -> u64 {
    record("id", id);
    event!("reserved", warehouse = "north");
    checkpoint!("serialize");
    price(id, "book") + ship()
}

#[traced(args(id, item))]
fn price(id: u64, item: &str) -> u64 {
    id + item.len() as u64
}

#[traced(name = "shipping.cost", fields(express = true))]
fn ship() -> u64 {
    5
}

fn main() {
    let capture = testing::capture();
    place_order(7);
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        r#"place_order [ok] {id=7}
  * reserved {warehouse="north"}
  - serialize
  price [ok] {id=7, item="book"}
  shipping.cost [ok] {express=true}
"#
    );
}
