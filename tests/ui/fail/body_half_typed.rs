use tracer_runtime::traced;

#[traced]
pub fn item(text: String) -> usize {
    text.
}

#[traced]
pub async fn later(text: String) -> usize {
    let n = ;
    text.len()
}

pub struct Shop;

#[traced]
impl Shop {
    fn open(&self) -> u8 {
        self.
    }

    fn close(&self) {}
}

fn main() {
    let _: usize = item(String::new());
    let _ = later(String::new());
    let _: u8 = Shop.open();
    Shop.close();
}
