use super::*;

macro_rules! levels {
    ($($name:ident: $level:expr => $is:ident,)*) => {$(
        #[traced(level = $level)]
        fn $name() {}
    )*
        const LEVELS: &[(fn(), Level)] = &[$(($name, Level::$is)),*];
    };
}
levels! {
    lower: "trace" => Trace,
    upper: "DEBUG" => Debug,
    mixed: "Info" => Info,
    warn: "warn" => Warn,
    one: 1 => Trace,
    two: 2 => Debug,
    five: 5 => Error,
}

#[traced(level = Level::WARN)]
fn path() {}
#[traced(level = tracing::Level::ERROR)]
fn long_path() {}
#[traced(level = ::tracing::Level::DEBUG)]
fn absolute_path() {}
#[traced(level = Level::Trace)]
fn our_path() {}
#[traced(level = debug)]
fn word() {}

#[test]
fn levels_in_every_spelling() {
    for (call, level) in LEVELS.iter().copied().chain([
        (path as fn(), Level::Warn),
        (long_path, Level::Error),
        (absolute_path, Level::Debug),
        (our_path, Level::Trace),
        (word, Level::Debug),
    ]) {
        assert_eq!(spans(call)[0].callsite.level(), level);
    }
}

const TARGET: &str = "constant";

#[traced(target = "literal", parent = Context::current())]
fn target_then_parent() {}
#[traced(parent = Context::current(), target = TARGET)]
fn parent_then_target() {}

#[test]
fn regression_target_and_parent_go_together_in_any_order() {
    assert_eq!(spans(target_then_parent)[0].callsite.target(), "literal");
    assert_eq!(spans(parent_then_target)[0].callsite.target(), "constant");
}

#[traced(kind = internal)]
fn internal() {}
#[traced(kind = server)]
fn server() {}
#[traced(kind = client)]
fn client() {}
#[traced(kind = producer)]
fn producer() {}
#[traced(kind = "consumer")]
fn consumer() {}
#[traced(server)]
fn server_flag() {}
#[traced(client)]
async fn client_flag() {}

#[test]
fn kinds() {
    for (call, kind) in [
        (internal as fn(), SpanKind::Internal),
        (server, SpanKind::Server),
        (client, SpanKind::Client),
        (producer, SpanKind::Producer),
        (consumer, SpanKind::Consumer),
        (server_flag, SpanKind::Server),
        (|| block_on(client_flag()), SpanKind::Client),
    ] {
        assert_eq!(spans(call)[0].callsite.kind(), kind);
    }
}
