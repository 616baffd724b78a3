use tracer_runtime::traced;

#[traced(whatever)]
fn item() {}

fn main() {
    item();
}
