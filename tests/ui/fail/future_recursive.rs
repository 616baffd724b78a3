use tracer_runtime::traced;

#[traced]
pub async fn later(n: u8) -> u8 {
    if n == 0 { 0 } else { later(n - 1).await }
}

fn main() {}
