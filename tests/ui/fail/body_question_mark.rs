use tracer_runtime::traced;

#[traced]
pub fn sync(text: &str) -> u8 {
    text.parse::<u8>()?
}

#[traced]
pub async fn later(text: &str) -> Result<u8, Mine> {
    Ok(text.parse::<u8>()?)
}

pub struct Mine;

fn main() {}
