use tracer_runtime::traced;

#[traced]
pub fn number() -> u32 {
    1;
}

#[traced]
pub async fn later() -> String {
    String::new();
}

fn main() {}
