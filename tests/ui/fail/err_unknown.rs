use tracer_runtime::traced;

#[traced(err(Loud))]
fn item() -> Result<u8, u8> {
    Ok(1)
}

fn main() {
    let _ = item();
}
