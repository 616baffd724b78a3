use tracer_runtime::traced;

#[traced(name "a")]
fn item() {}

fn main() {
    item();
}
