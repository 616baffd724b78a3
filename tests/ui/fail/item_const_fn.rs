use tracer_runtime::traced;

#[traced]
const fn item() -> u8 {
    1
}

fn main() {
    const _: u8 = item();
}
