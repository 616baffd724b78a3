use tracer_runtime::traced;

pub struct Neither;

#[traced(args(a, %b))]
pub fn item(a: Neither, b: Neither) {
    let _ = (a, b);
}

fn main() {}
