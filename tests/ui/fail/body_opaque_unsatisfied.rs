use tracer_runtime::traced;

use std::fmt::Display;

#[traced]
pub fn sync() -> impl Display {
    ()
}

#[traced]
pub async fn later() -> impl Display {
    ()
}

fn main() {}
