use tracer_runtime::traced;

#[traced(name = "a", level = "info", name = "b")]
fn item() {}

fn main() {
    item();
}
