use tracer_runtime::traced;

#[traced(follows_from = [])]
fn item() {}

fn main() {
    item();
}
