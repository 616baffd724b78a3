use tracer_runtime::traced;

#[traced]
#[derive(Default)]
pub struct Item {
    pub a: u8,
}

fn main() {
    let _ = Item::default().a;
}
