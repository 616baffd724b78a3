use tracer_runtime::traced;

/// Variants of our own: what the compiler says of the standard library's depends on whether its source is installed.
pub enum Answer {
    Number(u32),
    Failure(String),
}

#[traced]
pub async fn number() -> u32 {
    "text"
}

#[traced]
pub async fn answer(n: u32) -> Answer {
    if n == 0 {
        return Answer::Failure(0);
    }
    Answer::Number("text")
}

fn wrong() -> Result<&'static str, u8> {
    Ok("text")
}

#[traced]
pub async fn result(n: u32) -> Result<u32, String> {
    if n == 0 {
        return wrong();
    }
    wrong()
}

#[traced]
pub async fn nothing() {
    1
}

fn main() {}
