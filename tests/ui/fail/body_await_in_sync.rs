use tracer_runtime::traced;

async fn other() {}

#[traced]
pub fn item() {
    other().await;
}

fn main() {}
