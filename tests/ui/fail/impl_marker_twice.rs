use tracer_runtime::traced;

struct Shop;

#[traced]
impl Shop {
    #[traced]
    #[traced(skip)]
    fn open(&self) {}
}

fn main() {
    Shop.open();
}
