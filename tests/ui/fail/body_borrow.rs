use tracer_runtime::traced;

#[traced]
pub fn of_local() -> &'static str {
    let text = String::new();
    &text
}

#[traced]
pub fn moved_twice(text: String) -> Result<String, String> {
    drop(text);
    if text.is_empty() {
        return Err(text);
    }
    Ok(text)
}

#[traced]
pub async fn moved_twice_later(text: String) -> String {
    drop(text);
    text
}

#[traced]
pub fn not_mutable(text: String) {
    text.clear();
}

#[traced]
pub async fn not_mutable_later(text: String) {
    text.clear();
}

fn main() {}
