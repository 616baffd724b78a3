use tracer_runtime::traced;

#[traced]
pub trait Item {
    fn a(&self) {}
}

impl Item for u8 {}

fn main() {
    1_u8.a();
}
