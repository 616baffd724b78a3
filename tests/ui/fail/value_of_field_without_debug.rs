use tracer_runtime::traced;

pub struct Neither;

#[traced(fields(shop.id = 1, shop.name = ?b))]
pub fn item(b: Neither) {
    let _ = b;
}

fn main() {}
