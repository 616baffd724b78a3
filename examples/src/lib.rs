//! The examples are the files beside this crate's manifest; start with `quickstart.rs`.
