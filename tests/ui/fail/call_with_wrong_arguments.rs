use tracer_runtime::traced;

#[traced]
pub fn item(a: u8, b: String) -> u8 {
    let _ = b;
    a
}

#[traced]
pub async fn later(a: u8) -> u8 {
    a
}

fn main() {
    item(1);
    let _ = later("text");
}
