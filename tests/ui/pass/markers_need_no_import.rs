pub struct Shop;

#[tracer_runtime::traced]
mod inner {
    #[traced("renamed")]
    pub fn item() {}

    #[traced(skip)]
    pub fn left_out() {}
}

#[tracer_runtime::traced]
impl Shop {
    #[traced(root)]
    pub fn open(&self) {}

    #[cfg_attr(all(), traced(skip))]
    pub fn close(&self) {}
}

fn main() {
    inner::item();
    inner::left_out();
    Shop.open();
    Shop.close();
}
