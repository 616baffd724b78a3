//! Annotated functions in a subscriber with the layer of `console-subscriber`, whose server a console reads.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[cfg(not(tokio_unstable))]
compile_error!("tokio shows its tasks with `RUSTFLAGS=\"--cfg tokio_unstable\"` only");

mod server;
mod tasks;
