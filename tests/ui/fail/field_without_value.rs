use tracer_runtime::traced;

#[traced(fields(a = ))]
fn item() {}

fn main() {
    item();
}
