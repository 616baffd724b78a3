use tracer_runtime::traced;

#[traced(metrics = on)]
fn item() {}

fn main() {
    item();
}
