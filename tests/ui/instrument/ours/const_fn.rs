use tracer_runtime::instrument;

#[instrument]
const fn constant() {}

fn main() {}
