use tracer_runtime::traced;

#[traced(server, client)]
async fn item() {}

fn main() {
    let _ = item();
}
