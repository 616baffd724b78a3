//! The body has a scope of its own: what it imports does not change what the signature means.

#![deny(warnings)]

use tracing::instrument;

mod glob {
    #[allow(dead_code)]
    pub struct Result<T, E>(T, E);
    #[allow(dead_code)]
    pub struct Option<T>(T);
    #[allow(dead_code, non_camel_case_types)]
    pub struct u8;
}

#[instrument(err, ret)]
fn shadowed(number: u8) -> Result<u8, String> {
    #[allow(unused_imports)]
    use glob::*;
    Ok(number)
}

#[instrument]
async fn shadowed_async(number: u8) -> Option<u8> {
    #[allow(unused_imports)]
    use glob::*;
    Some(number)
}

fn main() {
    assert_eq!(shadowed(1), Ok(1));
    drop(shadowed_async(1));
}
