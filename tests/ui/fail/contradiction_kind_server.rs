use tracer_runtime::traced;

#[traced(kind = client, server)]
fn item() {}

fn main() {
    item();
}
