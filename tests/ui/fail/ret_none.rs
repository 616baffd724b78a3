use tracer_runtime::traced;

#[traced(ret(none))]
fn item() -> u8 {
    1
}

fn main() {
    item();
}
