use tracer_runtime::instrument;

#[instrument(level = "loud")]
fn level() {}

#[instrument(name = "a", name = "b")]
fn twice() {}

#[instrument(skip(a, a))]
fn skipped_twice(a: u8) {}

#[instrument(skip(a), skip_all)]
fn skipped_both_ways(a: u8) {}

#[instrument(err(Loud))]
fn format() -> Result<(), String> {
    Ok(())
}

fn main() {}
