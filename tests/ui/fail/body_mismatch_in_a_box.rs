use tracer_runtime::traced;

use std::future::Future;
use std::pin::Pin;

#[traced]
pub fn whole(n: u32) -> Pin<Box<dyn Future<Output = Result<u32, String>>>> {
    Box::pin(async move {
        if n == 0 {
            return Err(0);
        }
        Ok(n)
    })
}

fn main() {}
