use tracer_runtime::traced;

#[traced(metrics = off, metrics_only)]
fn item() {}

fn main() {
    item();
}
