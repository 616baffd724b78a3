use tracer_runtime::traced;

pub struct Neither;

#[traced(args(?b))]
pub async fn item(b: Neither) {
    let _ = b;
}

fn main() {}
