use tracer_runtime::traced;

#[traced(crate = elsewhere)]
pub fn item() {}

fn main() {}
