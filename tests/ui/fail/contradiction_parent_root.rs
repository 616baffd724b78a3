use tracer_runtime::traced;

#[traced(root, parent = tracer_runtime::Context::current())]
fn item() {}

fn main() {
    item();
}
