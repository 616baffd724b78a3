use tracer_runtime::traced;

struct Shop;

#[traced(args(idd))]
impl Shop {
    fn open(&self, id: u8) {
        let _ = id;
    }

    fn close(&self) {}
}

fn main() {
    Shop.open(1);
    Shop.close();
}
