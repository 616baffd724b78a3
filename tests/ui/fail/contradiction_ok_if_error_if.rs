use tracer_runtime::traced;

#[traced(ok_if = Result::is_ok, error_if = Result::is_err)]
fn item() -> Result<u8, u8> {
    Ok(1)
}

fn main() {
    let _ = item();
}
