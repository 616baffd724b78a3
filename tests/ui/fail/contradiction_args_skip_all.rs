use tracer_runtime::traced;

#[traced(args(*), skip_all)]
fn item(a: u8) {
    let _ = a;
}

fn main() {
    item(1);
}
