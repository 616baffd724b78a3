use tracer_runtime::traced;

use std::future::Future;
use std::pin::Pin;

fn wrong() -> Result<u32, u8> {
    Ok(1)
}

#[traced]
pub fn whole(n: u32) -> Pin<Box<dyn Future<Output = Result<u32, String>>>> {
    Box::pin(async move {
        if n == 0 {
            return wrong();
        }
        Ok(n)
    })
}

fn main() {}
