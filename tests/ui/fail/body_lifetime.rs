use tracer_runtime::traced;

#[traced]
pub fn sync<'a>(a: &'a str, b: &str) -> Result<&'a str, ()> {
    if a.is_empty() {
        return Err(());
    }
    Ok(b)
}

fn main() {}
