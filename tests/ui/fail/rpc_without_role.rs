use tracer_runtime::traced;

#[traced(rpc(system = "grpc"))]
fn item() {}

fn main() {
    item();
}
