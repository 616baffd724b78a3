//! `level = …`.

use super::instrument;
use crate::support::check;
use tracing::Level;
use tracing_mock::{expect, subscriber};

const FIVE: [(&str, Level); 5] = [
    ("trace", Level::TRACE),
    ("debug", Level::DEBUG),
    ("info", Level::INFO),
    ("warn", Level::WARN),
    ("error", Level::ERROR),
];

fn have_their_levels(all: fn()) {
    let mut mock = subscriber::mock();
    for (name, level) in FIVE {
        let span = expect::span().named(name).at_level(level);
        mock = mock
            .new_span(span.clone())
            .enter(span.clone())
            .exit(span.clone())
            .drop_span(span);
    }
    check(mock.only(), all);
}

mod words {
    use super::instrument;

    #[instrument(level = "trace")]
    fn trace() {}
    #[instrument(level = "Debug")]
    fn debug() {}
    #[instrument(level = "INFO")]
    fn info() {}
    #[instrument(level = "WARn")]
    fn warn() {}
    #[instrument(level = "eRrOr")]
    fn error() {}

    pub(super) fn all() {
        trace();
        debug();
        info();
        warn();
        error();
    }
}

pub(crate) fn by_name() {
    have_their_levels(words::all);
}

mod numbers {
    use super::instrument;

    #[instrument(level = 1)]
    fn trace() {}
    #[instrument(level = 2)]
    fn debug() {}
    #[instrument(level = 3)]
    fn info() {}
    #[instrument(level = 4)]
    fn warn() {}
    #[instrument(level = 5)]
    fn error() {}

    pub(super) fn all() {
        trace();
        debug();
        info();
        warn();
        error();
    }
}

pub(crate) fn by_number() {
    have_their_levels(numbers::all);
}

mod paths {
    use super::instrument;
    use tracing::Level;

    const SEVERE: Level = Level::ERROR;

    #[instrument(level = Level::TRACE)]
    fn trace() {}
    #[instrument(level = tracing::Level::DEBUG)]
    fn debug() {}
    #[instrument(level = Level::INFO)]
    fn info() {}
    #[instrument(level = Level::WARN)]
    fn warn() {}
    #[instrument(level = SEVERE)]
    fn error() {}

    pub(super) fn all() {
        trace();
        debug();
        info();
        warn();
        error();
    }
}

pub(crate) fn by_path() {
    have_their_levels(paths::all);
}

pub(crate) fn what_is_filtered_is_not_there() {
    let span = |name| expect::span().named(name);
    let mock = subscriber::mock()
        .with_filter(|metadata| *metadata.level() <= Level::WARN)
        .new_span(span("warn"))
        .enter("warn")
        .exit("warn")
        .drop_span("warn")
        .new_span(span("error"))
        .enter("error")
        .exit("error")
        .drop_span("error")
        .only();
    check(mock, words::all);
}

pub(crate) fn the_maximum_of_the_subscriber() {
    let span = |name| expect::span().named(name);
    let mock = subscriber::mock()
        .with_max_level_hint(Level::ERROR)
        .new_span(span("error"))
        .enter("error")
        .exit("error")
        .drop_span("error")
        .only();
    check(mock, paths::all);
}
