use tracer_runtime::traced;

#[traced(level = "loud")]
fn item() {}

fn main() {
    item();
}
