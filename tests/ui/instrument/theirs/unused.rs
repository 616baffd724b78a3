#![deny(unused)]

use tracing::instrument;

#[instrument]
fn unused() {}

#[instrument]
async fn unused_async() {}

fn main() {}
