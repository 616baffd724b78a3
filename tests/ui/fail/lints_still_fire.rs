#![deny(
    dead_code,
    deprecated,
    unreachable_code,
    unused_assignments,
    unused_must_use,
    unused_mut,
    unused_parens,
    unused_variables
)]

use tracer_runtime::traced;

#[traced]
fn dead() {}

#[traced]
async fn dead_later() {}

#[traced]
pub fn unused(a: u8, (b, c): (String, u8)) -> Result<u8, String> {
    let local = 1;
    Ok(c)
}

#[traced]
pub async fn unused_later(a: String, mut b: u8) -> u8 {
    b
}

#[traced]
pub fn overwritten(mut a: String) {
    a = String::new();
}

#[traced]
#[must_use]
pub fn important() -> u8 {
    1
}

#[traced]
#[must_use]
pub async fn important_later() -> u8 {
    1
}

#[traced]
#[deprecated]
pub fn old() {}

#[traced]
pub async fn careless() -> u8 {
    important();
    important_later().await;
    std::fs::remove_file("x");
    old();
    return (1);
    2
}

fn main() {}
