use tracer_runtime::traced;

#[traced(root server)]
fn item() {}

fn main() {
    item();
}
