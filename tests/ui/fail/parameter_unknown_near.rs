use tracer_runtime::traced;

#[traced(args(cuont))]
fn item(count: u8) {
    let _ = count;
}

fn main() {
    item(1);
}
