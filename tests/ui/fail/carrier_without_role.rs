use tracer_runtime::traced;

#[traced(carrier = headers)]
fn item(headers: u8) {
    let _ = headers;
}

fn main() {
    item(1);
}
