//! Asserting on traces in tests: no `init`, no global state, tests run side by side.
//!
//! Run: `cargo run --example testing`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use tracer_runtime::{CallOutcome, testing, traced};

#[traced]
fn work(fails: bool) -> Result<(), String> {
    if fails {
        Err("no luck".to_owned())
    } else {
        Ok(())
    }
}

fn main() {
    let threads: Vec<_> = [false, true]
        .into_iter()
        .map(|fails| {
            std::thread::spawn(move || {
                let capture = testing::capture();
                let _ = work(fails);
                assert_eq!(capture.spans().len(), 1);
                let outcome = if fails {
                    CallOutcome::Error
                } else {
                    CallOutcome::Ok
                };
                assert_eq!(capture.spans()[0].outcome, Some(outcome));
                capture.tree()
            })
        })
        .collect();
    let trees: Vec<String> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap_or_default())
        .collect();
    print!("{}", trees.concat());
    assert_eq!(trees, ["work [ok]\n", "work [error: no luck]\n"]);
}
