use tracer_runtime::traced;

#[traced(skip(other))]
fn item(count: u8, (left, right): (u8, u8)) {
    let _ = (count, left, right);
}

fn main() {
    item(1, (2, 3));
}
