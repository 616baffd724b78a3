use tracer_runtime::traced;

#[traced(nmae = "x", level = "loud", args(b), root, root)]
fn item(a: u8) {
    let _ = a;
}

fn main() {
    item(1);
}
