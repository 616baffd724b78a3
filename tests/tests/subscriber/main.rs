//! What a `tracing` subscriber sees of annotated functions: the spans that `tracing`'s own attribute would show.
#![deny(warnings)]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests"
)]

mod fields;
mod filters;
mod parents;
mod peers;
mod sequences;
mod swapped;
mod tasks;
mod witness;
