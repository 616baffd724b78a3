//! Beside an `OpenTelemetryLayer`: annotated functions are exported by it, once, and everything of ours says its ids.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod beside;
mod ids;
mod layers;
mod parents;
mod tasks;
mod told;
