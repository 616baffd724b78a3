use tracing::instrument;

#[instrument]
const fn constant() {}

fn main() {}
