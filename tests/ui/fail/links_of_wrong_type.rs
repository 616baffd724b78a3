use tracer_runtime::traced;

#[traced(links = a)]
pub async fn item(a: u8) {
    let _ = a;
}

fn main() {}
