use tracer_runtime::traced;

#[traced(boxed)]
fn item() {}

fn main() {
    item();
}
