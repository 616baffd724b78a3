#![deny(unused)]

use tracer_runtime::instrument;

#[instrument]
fn unused() {}

#[instrument]
async fn unused_async() {}

fn main() {}
