use tracer_runtime::traced;

#[traced(args(a.len()))]
fn item(a: &str) {
    let _ = a;
}

fn main() {
    item("");
}
