use tracer_runtime::traced;

#[traced]
pub fn number() -> u32 {
    "text"
}

#[traced]
pub fn result(n: u32) -> Result<u32, String> {
    let half = n / 2;
    if half == 0 {
        return Err(0);
    }
    Ok("text")
}

#[traced]
pub fn nothing() {
    1
}

#[traced]
pub fn text() -> String {
    'c'
}

fn main() {}
