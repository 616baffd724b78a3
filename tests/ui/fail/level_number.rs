use tracer_runtime::traced;

#[traced(level = 6)]
fn item() {}

fn main() {
    item();
}
