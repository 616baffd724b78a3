use tracer_runtime::traced;

fn is_fine(text: &str) -> bool {
    text.is_empty()
}

#[traced(ok_if = is_fine)]
pub fn item() -> u8 {
    1
}

fn main() {}
