use tracer_runtime::traced;

#[traced]
#[traced(root)]
fn item() {}

fn main() {
    item();
}
