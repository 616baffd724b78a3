use tracer_runtime::traced;

#[traced(name = text)]
fn item(text: &'static str) {
    let _ = text;
}

fn main() {
    item("");
}
