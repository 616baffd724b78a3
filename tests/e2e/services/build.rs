//! Compiles the protobuf services without `protoc`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folders = ["proto", "../systems/kitex"];
    let files = protox::compile(["stock.proto", "echo.proto"], folders)?;
    tonic_prost_build::configure().compile_fds(files)?;
    for folder in folders {
        println!("cargo::rerun-if-changed={folder}");
    }
    Ok(())
}
