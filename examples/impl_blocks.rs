//! The attribute on an `impl` block or a module: every function in it, some left out, some changed.
//!
//! Run: `cargo run --example impl_blocks`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tracer_runtime::{testing, traced};

struct Cart {
    items: Vec<u32>,
}

#[traced]
impl Cart {
    fn add(&mut self, item: u32) {
        self.items.push(item);
    }

    #[traced(skip)]
    fn len(&self) -> usize {
        self.items.len()
    }

    #[traced(name = "checkout", args(discount))]
    fn total(&self, discount: u32) -> u32 {
        helpers::sum(&self.items) - discount
    }
}

#[traced]
mod helpers {
    pub(crate) fn sum(items: &[u32]) -> u32 {
        items.iter().sum()
    }
}

fn main() {
    let capture = testing::capture();
    let mut cart = Cart { items: Vec::new() };
    cart.add(7);
    assert_eq!(cart.len(), 1);
    assert_eq!(cart.total(2), 5);
    let tree = capture.tree();
    print!("{tree}");
    assert_eq!(
        tree,
        "Cart::add [ok]\ncheckout [ok] {discount=2}\n  sum [ok]\n"
    );
}
