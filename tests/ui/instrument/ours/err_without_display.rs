use tracer_runtime::instrument;

struct Silent;

#[instrument(err)]
fn fails() -> Result<(), Silent> {
    Err(Silent)
}

#[instrument]
fn takes(_silent: Silent) {}


fn main() {}
