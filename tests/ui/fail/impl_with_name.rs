use tracer_runtime::traced;

struct Shop;

#[traced(name = "all")]
impl Shop {
    fn open(&self) {}
}

fn main() {
    Shop.open();
}
