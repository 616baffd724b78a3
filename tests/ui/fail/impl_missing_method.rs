use tracer_runtime::traced;

pub trait Shop {
    fn open(&self);
    async fn close(&self) -> u8;
}

pub struct Small;

#[traced]
impl Shop for Small {
    async fn close(&self, extra: u8) -> u8 {
        extra
    }
}

fn main() {}
