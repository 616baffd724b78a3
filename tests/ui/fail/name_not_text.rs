use tracer_runtime::traced;

#[traced(name = 3)]
fn item() {}

fn main() {
    item();
}
