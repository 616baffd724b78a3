use tracer_runtime::traced;

struct Shop;

#[traced]
impl Shop {
    #[traced(skipp)]
    fn open(&self) {}
}

fn main() {
    Shop.open();
}
