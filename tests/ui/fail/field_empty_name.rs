use tracer_runtime::traced;

#[traced(fields("" = 1))]
fn item() {}

fn main() {
    item();
}
