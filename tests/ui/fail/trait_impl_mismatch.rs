use tracer_runtime::traced;

pub trait Shop {
    async fn close(&self) -> u8;
}

pub struct Small;

impl Shop for Small {
    #[traced]
    async fn close(&self) -> String {
        String::new()
    }
}

fn main() {}
