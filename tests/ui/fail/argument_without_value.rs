use tracer_runtime::traced;

#[traced(name)]
fn item() {}

fn main() {
    item();
}
