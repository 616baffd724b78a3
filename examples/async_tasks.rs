//! Context across tasks and threads: one trace, whoever ends last.
//!
//! Run: `cargo run --example async_tasks`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tracer_runtime::{Context, FutureExt, spawn, spawn_blocking, testing, traced, wrap};

#[traced]
async fn order() {
    let mail = spawn(mail());
    let invoice = spawn_blocking(invoice);
    let log = std::thread::spawn(wrap(audit));
    let here = Context::current();
    let later = tokio::spawn(ship().in_context(here));
    let _ = tokio::join!(mail, invoice, later);
    let _ = log.join();
}

#[traced]
async fn mail() {
    tokio::task::yield_now().await;
}

#[traced]
fn invoice() {}

#[traced]
fn audit() {}

#[traced]
async fn ship() {}

#[tokio::main]
async fn main() {
    let capture = testing::capture();
    capture.run(order()).await;
    let tree = capture.tree();
    print!("{tree}");
    let mut lines: Vec<&str> = tree.lines().collect();
    lines[1..].sort_unstable(); // the four run at the same time
    assert_eq!(
        lines,
        [
            "order [ok]",
            "  audit [ok]",
            "  invoice [ok]",
            "  mail [ok]",
            "  ship [ok]"
        ]
    );
}
