use tracing::instrument;

#[instrument]
fn mismatch() -> String {
    ""
}

fn wrong() -> Result<&'static str, String> {
    Ok("")
}

#[instrument(err)]
fn mismatch_with_err() -> Result<u8, String> {
    wrong()
}

#[instrument(ret)]
fn early_return() -> u8 {
    if true {
        return "";
    }
    1
}

fn main() {}
