use tracer_runtime::traced;

#[traced(crate = elsewhere)]
pub fn item() {}

#[traced(crate = elsewhere, args(a))]
pub async fn later(a: u8) -> Result<u8, String> {
    Ok(a)
}

fn main() {}
