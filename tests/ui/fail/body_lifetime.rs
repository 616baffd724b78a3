use tracer_runtime::traced;

#[traced]
pub fn sync<'a>(a: &'a str, b: &str) -> Result<&'a str, ()> {
    if a.is_empty() {
        return Err(());
    }
    Ok(b)
}

#[traced]
pub fn to_the_end<'a>(a: &'a str, b: &str) -> Result<&'a str, ()> {
    if a.is_empty() { Err(()) } else { Ok(b) }
}

#[traced]
pub fn value<'a>(a: &'a str, b: &str) -> &'a str {
    if a.is_empty() { a } else { b }
}

#[traced]
pub async fn later<'a>(a: &'a str, b: &str) -> Result<&'a str, ()> {
    if a.is_empty() {
        return Err(());
    }
    Ok(b)
}

#[traced]
pub fn local() -> Option<&'static str> {
    let text = String::new();
    Some(&text)
}

fn main() {}
