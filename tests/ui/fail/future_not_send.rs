use tracer_runtime::traced;

use std::rc::Rc;

async fn pause() {}

#[traced]
async fn later(n: Rc<u8>) -> u8 {
    pause().await;
    *n
}

fn spawn(_: impl Send) {}

fn main() {
    spawn(later(Rc::new(1)));
}
