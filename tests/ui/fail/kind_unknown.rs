use tracer_runtime::traced;

#[traced(kind = sever)]
fn item() {}

fn main() {
    item();
}
