use tracer_runtime::traced;

#[traced(name = , root)]
fn item() {}

fn main() {
    item();
}
