//! `target = …` and its absence.

use super::instrument;
use crate::support::check;
use tracing_mock::{expect, subscriber};

fn has(name: &'static str, target: &str, call: fn()) {
    let mock = subscriber::mock()
        .new_span(expect::span().named(name).with_target(target))
        .enter(name)
        .exit(name)
        .drop_span(name)
        .only();
    check(mock, call);
}

#[instrument]
fn here() {}

mod module {
    use super::instrument;

    pub(super) const PATH: &str = module_path!();

    #[instrument]
    pub(super) fn there() {}
}

#[instrument(target = "my_target")]
fn elsewhere() {}

pub(crate) fn the_module() {
    has("here", module_path!(), here);
    has("there", module::PATH, module::there);
}

pub(crate) fn the_argument() {
    has("elsewhere", "my_target", elsewhere);
}
