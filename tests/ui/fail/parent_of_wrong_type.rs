use tracer_runtime::traced;

#[traced(parent = a)]
pub fn item(a: u8) {
    let _ = a;
}

fn main() {}
