use tracer_runtime::traced;

#[traced(fields(id = order.id))]
pub fn item(a: u8) {
    let _ = a;
}

fn main() {}
