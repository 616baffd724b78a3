use tracer_runtime::traced;

#[traced]
use std::fmt::Debug;

fn main() {
    let _: &dyn Debug = &1;
}
