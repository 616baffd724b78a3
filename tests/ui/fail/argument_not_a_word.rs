use tracer_runtime::traced;

#[traced(1 + 1)]
fn item() {}

fn main() {
    item();
}
