use tracer_runtime::traced;

pub struct Neither;

#[traced(err(Debug))]
pub fn item() -> Result<(), Neither> {
    Err(Neither)
}

fn main() {}
