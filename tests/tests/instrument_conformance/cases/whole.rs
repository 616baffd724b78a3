//! The attribute as a whole.

use super::instrument;
use crate::support::check;
use tracing::Level;
use tracing::field::debug;
use tracing_mock::span::NewSpan;
use tracing_mock::{expect, subscriber};

/// The span, entered once.
fn is(span: impl Into<NewSpan>, name: &'static str, call: impl FnOnce()) {
    let mock = subscriber::mock()
        .new_span(span)
        .enter(name)
        .exit(name)
        .drop_span(name)
        .only();
    check(mock, call);
}

#[instrument(target = "my_target", level = "debug")]
fn debugs() {}

#[instrument(level = Level::TRACE, target = "my_target")]
fn traces() {}

pub(crate) fn everything_at_once() {
    let span = |name| expect::span().named(name).with_target("my_target");
    is(span("debugs").at_level(Level::DEBUG), "debugs", debugs);
    is(span("traces").at_level(Level::TRACE), "traces", traces);
}

#[instrument(target = "my_target", level = "debug")]
fn with_parameters(first: usize, second: bool, third: &Opaque) {}

struct Opaque(u8);

impl std::fmt::Debug for Opaque {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "opaque {}", self.0)
    }
}

pub(crate) fn parameters() {
    let call = |first, second| {
        let span = expect::span().named("with_parameters").at_level(Level::DEBUG);
        let fields = expect::field("first")
            .with_value(&first)
            .and(expect::field("second").with_value(&second))
            .and(expect::field("third").with_value(&debug(Opaque(3))))
            .only();
        is(span.with_fields(fields), "with_parameters", || {
            with_parameters(usize::try_from(first).unwrap(), second, &Opaque(3));
        });
    };
    call(2_u64, false);
    call(3_u64, true);
}

/// Has no `Debug`.
struct Silent;

#[instrument(skip(_skipped, also), level = "debug")]
fn skips(first: usize, _skipped: Silent, also: &Silent) {}

pub(crate) fn skipped_parameters() {
    let fields = expect::field("first").with_value(&2_u64).only();
    let span = expect::span().named("skips").with_fields(fields);
    is(span, "skips", || skips(2, Silent, &Silent));
}

#[instrument(skip_all, fields(kept = first))]
fn skips_all(first: usize, _skipped: Silent) {}

pub(crate) fn skip_all() {
    let fields = expect::field("kept").with_value(&2_u64).only();
    let span = expect::span().named("skips_all").with_fields(fields);
    is(span, "skips_all", || skips_all(2, Silent));
}

#[instrument]
fn generic<S, T: std::fmt::Debug>(first: S, second: T)
where
    S: std::fmt::Debug,
{
}

pub(crate) fn generics() {
    let fields = expect::field("first")
        .with_value(&debug(Opaque(1)))
        .and(expect::field("second").with_value(&debug(false)))
        .only();
    let span = expect::span().named("generic").with_fields(fields);
    is(span, "generic", || generic(Opaque(1), false));
}

impl Opaque {
    #[instrument]
    fn method(&self, first: usize) {}
}

pub(crate) fn methods() {
    let fields = expect::field("self")
        .with_value(&debug(Opaque(1)))
        .and(expect::field("first").with_value(&42_u64))
        .only();
    let span = expect::span().named("method").with_fields(fields);
    is(span, "method", || Opaque(1).method(42));
}

#[instrument]
fn opaque(number: usize) -> impl Iterator<Item = usize> {
    (0..number).filter(|n| n % 2 == 0)
}

pub(crate) fn impl_trait() {
    let fields = expect::field("number").with_value(&10_u64).only();
    let span = expect::span().named("opaque").with_fields(fields);
    is(span, "opaque", || assert_eq!(opaque(10).count(), 5));
}

const NAME: &str = "name_from_constant";
const TARGET: &str = "target_from_constant";

#[instrument(name = NAME)]
fn named() {}

#[instrument(target = TARGET)]
fn targeted() {}

#[instrument(name = NAME, target = TARGET)]
fn both() {}

pub(crate) fn the_name_from_a_constant() {
    is(expect::span().named(NAME), NAME, named);
}

pub(crate) fn the_target_from_a_constant() {
    is(expect::span().named("targeted").with_target(TARGET), "targeted", targeted);
}

pub(crate) fn both_from_constants() {
    is(expect::span().named(NAME).with_target(TARGET), NAME, both);
}

mod shadowed {
    use super::instrument;

    mod tracing {}

    #[instrument(level = "info", fields(a = 1), ret)]
    pub(super) fn call() {
        // Something of this name must not be what the attribute means.
        #[allow(unused_imports, reason = "it is there to be in the way")]
        use self::tracing as _;
    }

    #[instrument(err)]
    pub(super) async fn call_async() -> Result<(), u8> {
        Ok(())
    }
}

pub(crate) fn beside_a_module_called_tracing() {
    check(subscriber::mock(), || {
        shadowed::call();
        crate::support::block_on(shadowed::call_async()).unwrap();
    });
}

mod shapes {
    use super::instrument;

    #[instrument]
    pub(super) fn with_inner_attributes() {
        #![allow(unused_mut, reason = "the attribute is what is tested")]
        let mut _unused = 1;
    }

    #[instrument]
    pub(super) unsafe extern "C" fn unsafe_and_foreign(number: u8) -> u8 {
        number
    }
}

pub(crate) fn compiles() {
    check(subscriber::mock(), || {
        shapes::with_inner_attributes();
        // SAFETY: it gives back what it is given.
        assert_eq!(unsafe { shapes::unsafe_and_foreign(3) }, 3);
    });
}
