#![allow(unreachable_code)]

use tracing::instrument;

#[instrument]
async fn unit() {
    ""
}

#[instrument]
async fn simple_mismatch() -> String {
    ""
}

#[instrument]
async fn opaque_unsatisfied() -> impl std::fmt::Display {
    ("",)
}

struct Wrapper<T>(T);

#[instrument]
async fn mismatch_with_opaque() -> Wrapper<impl std::fmt::Display> {
    ""
}

#[instrument]
async fn early_return_unit() {
    if true {
        return "";
    }
}

#[instrument]
async fn early_return() -> String {
    if true {
        return "";
    }
    String::new()
}

#[instrument]
async fn extra_semicolon() -> i32 {
    1;
}

fn main() {}
