use tracer_runtime::traced;

pub trait Stream {
    type Item;
}

impl Stream for u8 {
    type Item = u8;
}

#[traced]
fn item() -> impl Stream<Item = u8> {
    1_u8
}

fn main() {
    let _ = item();
}
