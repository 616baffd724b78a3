use tracer_runtime::traced;

#[traced]
pub fn sync() -> Result<u8, String> {
    let n = missing?;
    Ok(n)
}

#[traced]
pub async fn later(a: String) -> usize {
    a.size()
}

fn main() {}
