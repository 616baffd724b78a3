use tracer_runtime::traced;

#[traced]
pub async fn number() -> u32 {
    "text"
}

#[traced]
pub async fn result(n: u32) -> Result<u32, String> {
    if n == 0 {
        return Err(0);
    }
    Ok("text")
}

#[traced]
pub async fn nothing() {
    1
}

fn main() {}
