use tracer_runtime::traced;

#[traced(args(a), skip(a))]
fn item(a: u8) {
    let _ = a;
}

fn main() {
    item(1);
}
