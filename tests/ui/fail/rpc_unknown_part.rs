use tracer_runtime::traced;

#[traced(server, rpc(sevice = "a"))]
fn item() {}

fn main() {
    item();
}
