use tracer_runtime::traced;

#[traced(nmae = "x")]
fn item() {}

fn main() {
    item();
}
