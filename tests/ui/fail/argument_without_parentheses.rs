use tracer_runtime::traced;

#[traced(args)]
fn item() {}

fn main() {
    item();
}
