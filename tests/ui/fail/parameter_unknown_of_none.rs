use tracer_runtime::traced;

#[traced(args(count))]
fn item() {}

fn main() {
    item();
}
