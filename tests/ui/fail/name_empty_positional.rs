use tracer_runtime::traced;

#[traced("")]
fn item() {}

fn main() {
    item();
}
