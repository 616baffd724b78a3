use super::*;

struct Shop<T>(T);

#[traced(args(*), skip(secret), level = "debug", crate = ::tracer_runtime)]
impl<T: Clone> Shop<T> {
    const LIMIT: u32 = 3;

    fn new(value: T, secret: &str) -> Self {
        let _ = secret;
        Self(value)
    }

    async fn later(&self, n: u32) -> Result<u32, String> {
        if n > Self::LIMIT {
            return Err("limit".to_owned());
        }
        Ok(n)
    }

    /// May run at compile time.
    const fn constant() -> u32 {
        1
    }

    #[traced(skip)]
    fn left_out(&self, n: u32) -> u32 {
        n
    }

    #[traced("renamed", level = 1, args(?n))]
    fn overridden(&self, n: u32, other: u32) -> u32 {
        n + other
    }

    #[cfg_attr(all(), traced(skip))]
    fn left_out_on_a_condition(&self) {}

    #[cfg_attr(any(), traced(skip), inline)]
    #[cfg_attr(all(), must_use)]
    fn not_left_out_on_a_condition(&self) -> u32 {
        2
    }
}

#[traced]
impl Display for Shop<u32> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[test]
fn impls() {
    let capture = capture();
    let shop = Shop::new(1_u32, "s");
    block_on(shop.later(2)).unwrap();
    block_on(shop.later(4)).unwrap_err();
    assert_eq!(Shop::<u32>::constant(), 1);
    assert_eq!(shop.left_out(1), 1);
    assert_eq!(shop.overridden(1, 2), 3);
    shop.left_out_on_a_condition();
    assert_eq!(shop.not_left_out_on_a_condition(), 2);
    assert_eq!(shop.to_string(), "1");
    assert_eq!(
        capture.tree(),
        "Shop::new [ok] {value=\"arguments::blocks::tests_type\"}\n"
            .replace("arguments::blocks::tests_type", "u32")
            + "Shop::later [ok] {n=2}\n\
               Shop::later [error: limit] {n=4}\n\
               renamed [ok] {n=\"1\"}\n\
               Shop::not_left_out_on_a_condition [ok]\n\
               Shop::fmt [ok]\n"
    );
    let spans = capture.spans();
    let renamed = spans
        .iter()
        .find(|s| s.callsite.name() == "renamed")
        .unwrap();
    assert_eq!(renamed.callsite.function(), "Shop::overridden");
    assert_eq!(renamed.callsite.level(), Level::Trace);
    assert_eq!(spans[0].callsite.level(), Level::Debug);
}

#[traced(args(*))]
mod inner {
    pub(super) use super::Debugged;

    macro_rules! made {
        ($name:ident) => {
            pub(super) fn $name() {}
        };
    }
    made!(by_macro);

    pub(super) fn function(n: u32) -> u32 {
        fn within() -> u32 {
            1
        }
        n + within()
    }

    pub(super) struct Unit;

    impl Unit {
        pub(super) fn method(&self) {}

        #[traced(name = "own")]
        pub(super) fn own(&self) {}
    }

    impl From<Debugged> for Unit {
        fn from(_: Debugged) -> Self {
            Self
        }
    }

    #[traced(skip)]
    impl Clone for Unit {
        fn clone(&self) -> Self {
            Self
        }
    }

    pub(super) trait Provided {
        fn not_annotated(&self) {}

        #[traced]
        fn annotated(&self) {}
    }

    impl Provided for Unit {}

    pub(super) mod deeper {
        pub(in super::super) fn function() {}

        #[traced(skip)]
        pub(in super::super) mod skipped {
            pub(in super::super::super) fn function() {}
            #[traced]
            pub(in super::super::super) fn explicit() {}
        }
    }

    #[cfg(any())]
    pub(super) fn not_there() -> Missing {}
}

#[test]
fn modules() {
    use inner::Provided;
    let text = tree(|| {
        inner::by_macro();
        assert_eq!(inner::function(1), 2);
        let unit: inner::Unit = Debugged(1).into();
        unit.method();
        unit.own();
        unit.clone().not_annotated();
        unit.annotated();
        inner::deeper::function();
        inner::deeper::skipped::function();
        inner::deeper::skipped::explicit();
    });
    assert_eq!(
        text,
        "function [ok] {n=1}\nUnit::from [ok]\nUnit::method [ok]\nown [ok]\nannotated [ok]\n\
         function [ok]\nexplicit [ok]\n"
    );
}

struct Counter;

#[traced]
impl Counter {
    fn counted(&self) -> u8 {
        self.marked() + self.marked_by_tracing()
    }

    #[tracer_runtime::instrument(name = "of_ours", skip_all)]
    fn marked(&self) -> u8 {
        1
    }

    #[tracing::instrument(name = "of_theirs", skip_all)]
    fn marked_by_tracing(&self) -> u8 {
        self.inside()
    }

    fn inside(&self) -> u8 {
        2
    }
}

struct Switched;

/// `not(any())` holds, `any()` does not.
#[traced(args(*))]
impl Switched {
    #[cfg_attr(not(any()), tracing::instrument(name = "of_theirs", skip_all))]
    fn theirs(&self, _id: u8) {}

    #[cfg_attr(
        true,
        inline,
        tracer_runtime::instrument("of_ours", skip_all),
        must_use
    )]
    fn ours(&self, _id: u8) -> u8 {
        1
    }

    #[cfg_attr(any(), tracing::instrument(name = "never"))]
    #[cfg_attr(false, instrument)]
    async fn neither(&self, id: u8) -> u8 {
        id
    }

    #[cfg_attr(any(), instrument(name = "never"), inline)]
    #[cfg_attr(not(any()), must_use, cfg_attr(all(), tracing::instrument(skip_all)))]
    fn one_of_two(&self, id: u8) -> u8 {
        id
    }

    #[cfg_attr(not(any()), cfg_attr(any(), tracing::instrument))]
    fn not_inside(&self, _id: u8) {}

    #[cfg_attr(not(any()), inline, traced("marked", args(id)))]
    #[cfg_attr(any(), tracing::instrument)]
    fn marked(&self, id: u8, _other: u8) -> u8 {
        id
    }

    #[cfg_attr(any(), traced(skip), inline)]
    #[cfg_attr(not(any()), tracing::instrument(name = "instrumented", skip_all))]
    fn not_skipped(&self) {}

    #[cfg_attr(not(any()), cfg_attr(all(), inline, traced(skip)))]
    #[cfg_attr(any(), tracing::instrument)]
    fn skipped(&self) {}
}

#[test]
fn a_function_that_may_have_an_instrument_of_its_own_is_one_span() {
    use tracing_subscriber::layer::SubscriberExt as _;

    let capture = capture();
    let layers = tracing_subscriber::registry().with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(layers, || {
        Switched.theirs(1);
        assert_eq!(Switched.ours(2), 1);
        assert_eq!(block_on(Switched.neither(3)), 3);
        assert_eq!(Switched.one_of_two(4), 4);
        Switched.not_inside(5);
        assert_eq!(Switched.marked(6, 7), 6);
        Switched.not_skipped();
        Switched.skipped();
    });
    assert_eq!(
        capture.tree(),
        "of_theirs [ok]\nof_ours [ok]\nSwitched::neither [ok] {id=3}\none_of_two [ok]\n\
         Switched::not_inside [ok] {_id=5}\nmarked [ok] {id=6}\ninstrumented [ok]\n"
    );
}

#[test]
fn a_function_with_an_instrument_of_its_own_in_an_annotated_block_is_one_span() {
    use tracing_subscriber::layer::SubscriberExt as _;

    let capture = capture();
    let layers = tracing_subscriber::registry().with(tracer_runtime::tracing_layer());
    let sum = tracing::subscriber::with_default(layers, || Counter.counted());
    assert_eq!(sum, 3);
    let spans = capture.spans();
    let names: Vec<_> = spans.iter().map(|span| span.name()).collect();
    let all = [
        "Counter::counted",
        "of_ours",
        "of_theirs",
        "Counter::inside",
    ];
    assert_eq!(names, all, "{}", capture.tree());
}
