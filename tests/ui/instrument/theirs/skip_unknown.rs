use tracing::instrument;

#[instrument(skip(nobody))]
fn skips(_somebody: u8) {}

fn main() {}
