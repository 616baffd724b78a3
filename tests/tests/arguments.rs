//! What the arguments of the attribute do.
#![deny(warnings)]
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::box_collection,
    clippy::drop_non_drop,
    clippy::too_many_arguments,
    reason = "tests"
)]

use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::pin::Pin;

use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::{Context, Level, SpanKind, Value, traced};

fn tree<T>(f: impl FnOnce() -> T) -> String {
    let capture = capture();
    let _ = f();
    capture.tree()
}

fn spans<T>(f: impl FnOnce() -> T) -> Vec<CapturedSpan> {
    let capture = capture();
    let _ = f();
    capture.spans()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

struct Shown;

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shown")
    }
}

#[derive(Debug, Clone)]
struct Debugged(#[allow(dead_code, reason = "shown by Debug")] u32);

struct Neither;

mod names {
    use super::*;

    mod consts {
        pub(super) const NAME: &str = "by path";
    }
    const NAME: &str = "by constant";
    const fn name() -> &'static str {
        "by function"
    }

    #[traced("positional")]
    fn positional() {}
    #[traced(name = "literal")]
    fn literal() {}
    #[traced(name = NAME)]
    fn constant() {}
    #[traced(name = consts::NAME)]
    fn path() {}
    #[traced(name = name())]
    fn function() {}
    #[traced(name = concat!("con", "cat"))]
    fn concatenated() {}
    #[traced("first", level = "debug")]
    fn with_more() {}

    #[test]
    fn any_constant_expression() {
        let text = tree(|| {
            positional();
            literal();
            constant();
            path();
            function();
            concatenated();
            with_more();
        });
        let names = "positional literal by-constant by-path by-function concat first";
        let expected: String = names
            .split(' ')
            .map(|n| format!("{} [ok]\n", n.replace('-', " ")))
            .collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn the_label_of_metrics_stays() {
        assert_eq!(spans(literal)[0].callsite.function(), "literal");
    }
}

mod levels_targets_and_kinds {
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
}

mod parameters {
    use super::*;

    #[traced(args(a, ?b, %c, d, e))]
    fn chosen(a: u32, b: Debugged, c: Shown, d: &str, e: f64, _not_recorded: Neither) -> u32 {
        let _moved = (b, c);
        a + u32::try_from(d.len()).unwrap() + e as u32
    }

    #[traced(args(a, b, c, d, e, f, g, h))]
    fn by_type(
        a: Option<u32>,
        b: Option<&str>,
        c: Debugged,
        d: Neither,
        e: Vec<u8>,
        f: Box<String>,
        g: Option<Debugged>,
        h: u64,
    ) {
        let _moved = (a, b, c, d, e, f, g, h);
    }

    #[traced(args(*), skip(secret))]
    fn all((a, [b, ..]): (u32, [bool; 2]), secret: &str, Debugged(c): Debugged, ref d: char) {
        let _ = (secret, d);
        assert!(a + c > 0 && b);
    }

    #[traced(args(a, b))]
    async fn later(mut a: String, (b, _): (u32, u32)) -> Result<(), String> {
        a.push('!');
        tokio::task::yield_now().await;
        Err(format!("{a}{b}"))
    }

    #[traced(args(r#type))]
    fn keyword(r#type: u32) -> u32 {
        r#type
    }

    #[traced(args(value))]
    fn generic<T>(value: T) {
        drop(value);
    }

    #[traced(args(value))]
    fn generic_debug<T: Debug>(value: T) {
        drop(value);
    }

    #[test]
    fn are_recorded_as_asked() {
        let text = tree(|| {
            chosen(1, Debugged(2), Shown, "d\n", 2.5, Neither);
            by_type(
                Some(1),
                None,
                Debugged(3),
                Neither,
                vec![1],
                Box::new("f".to_owned()),
                Some(Debugged(4)),
                u64::MAX,
            );
            all((1, [true, false]), "hidden", Debugged(4), 'd');
            block_on(later("a".to_owned(), (1, 2))).unwrap_err();
            keyword(1);
            generic(1);
            generic_debug(1);
        });
        assert_eq!(
            text,
            "chosen [ok] {a=1, b=\"Debugged(2)\", c=\"shown\", d=\"d\\n\", e=2.5}\n\
             by_type [ok] {a=1, c=\"Debugged(3)\", d=\"arguments::Neither\", e=\"[1]\", f=\"f\", \
             g=\"Debugged(4)\", h=\"18446744073709551615\"}\n\
             all [ok] {a=1, b=true, c=4, d=\"d\"}\n\
             later [error: a!1] {a=\"a\", b=1}\n\
             keyword [ok] {type=1}\n\
             generic [ok] {value=\"i32\"}\n\
             generic_debug [ok] {value=\"1\"}\n"
        );
    }

    #[traced]
    fn nothing_by_default(_password: &str) {}

    #[test]
    fn regression_7_nothing_is_recorded_unless_named() {
        assert_eq!(
            tree(|| nothing_by_default("secret")),
            "nothing_by_default [ok]\n"
        );
    }

    #[traced(args(*))]
    fn no_debug(_a: Neither, _b: &Neither) {}

    #[test]
    fn regression_8_a_parameter_without_debug_is_no_error() {
        let text = tree(|| no_debug(Neither, &Neither));
        assert_eq!(
            text,
            "no_debug [ok] {_a=\"arguments::Neither\", _b=\"&arguments::Neither\"}\n"
        );
    }

    #[traced(args(a))]
    fn evaluated_before_the_body(mut a: u32) -> u32 {
        a += 1;
        a
    }

    #[test]
    fn before_the_body() {
        assert_eq!(
            tree(|| evaluated_before_the_body(1)),
            "evaluated_before_the_body [ok] {a=1}\n"
        );
    }
}

mod fields {
    use super::*;

    const KEY: &str = "from.constant";

    struct Shop {
        id: u32,
    }

    impl Shop {
        const KEY: &'static str = "from.type";

        fn name(&self) -> String {
            format!("shop {}", self.id)
        }

        #[traced(fields(id = self.id, name = %self.name(), %self.id, {Self::KEY} = 1))]
        fn open(&self) {}
    }

    #[traced(fields(
        one = a + 1,
        two.three = ?b,
        four = %Shown,
        "with space" = true,
        {KEY} = "constant",
        r#type.fn = 'k',
        a,
        empty,
        also.empty,
        text = b.0.to_string(),
    ))]
    fn every_form(a: u32, b: Debugged) {
        drop(b);
    }

    #[traced(fields(early = true))]
    fn set_later() {
        tracer_runtime::record("early", false);
        tracer_runtime::record("late", 1);
    }

    #[traced(fields(a = calls(), error = "not ours"))]
    async fn method_names_do_not_clash(a: Clashing) -> u32 {
        tokio::task::yield_now().await;
        a.capture()
    }

    struct Clashing;

    impl Clashing {
        fn capture(&self) -> u32 {
            3
        }
    }

    fn calls() -> u32 {
        let clashing = Clashing;
        clashing.capture()
    }

    #[test]
    fn in_every_form() {
        let text = tree(|| {
            every_form(1, Debugged(2));
            Shop { id: 7 }.open();
            set_later();
            assert_eq!(block_on(method_names_do_not_clash(Clashing)), 3);
        });
        assert_eq!(
            text,
            "every_form [ok] {one=2, two.three=\"Debugged(2)\", four=\"shown\", with space=true, \
             from.constant=\"constant\", type.fn=\"k\", a=1, text=\"2\"}\n\
             open [ok] {id=7, name=\"shop 7\", self.id=\"7\", from.type=1}\n\
             set_later [ok] {early=false, late=1}\n\
             method_names_do_not_clash [ok] {a=3, error=\"not ours\"}\n"
        );
    }

    #[traced(fields(a, b))]
    fn bare(a: u32) -> u32 {
        a
    }

    #[test]
    fn regression_9_a_bare_name_of_a_parameter_records_it() {
        assert_eq!(tree(|| bare(1)), "bare [ok] {a=1}\n");
    }

    #[test]
    fn nothing_is_evaluated_when_nothing_records() {
        #[traced(fields(a = never()))]
        fn lazy() {}
        fn never() -> u32 {
            panic!("evaluated")
        }
        lazy();
    }
}

mod returns {
    use super::*;

    #[traced(ret)]
    fn number() -> u32 {
        7
    }

    #[traced(ret)]
    fn result(fail: bool) -> Result<Debugged, String> {
        if fail {
            return Err("failed".to_owned());
        }
        Ok(Debugged(1))
    }

    #[traced(ret(Debug))]
    async fn text() -> &'static str {
        "text"
    }

    #[traced(ret(Display))]
    async fn shown() -> Result<Shown, ()> {
        Ok(Shown)
    }

    #[traced(ret)]
    fn opaque() -> impl Iterator<Item = u32> + Debug {
        0..2_u32
    }

    #[traced(ret)]
    fn unit() {}

    #[traced(ret)]
    fn boxed() -> Pin<Box<dyn Future<Output = u32>>> {
        let n = number();
        Box::pin(async move { n })
    }

    #[traced(ret, err)]
    fn with_err() -> Result<u32, u32> {
        Err(1)
    }

    #[test]
    fn are_recorded() {
        let text = tree(|| {
            number();
            result(false).unwrap();
            result(true).unwrap_err();
            block_on(text());
            block_on(shown()).unwrap();
            let _ = opaque();
            unit();
            block_on(boxed());
            with_err().unwrap_err();
        });
        assert_eq!(
            text,
            "number [ok] {return=7}\n\
             result [ok] {return=\"Debugged(1)\"}\n\
             result [error: failed]\n\
             text [ok] {return=\"\\\"text\\\"\"}\n\
             shown [ok] {return=\"shown\"}\n\
             opaque [ok] {return=\"0..2\"}\n\
             unit [ok] {return=\"()\"}\n\
             boxed [ok] {return=7}\n  number [ok] {return=7}\n\
             with_err [error: 1]\n"
        );
    }
}

mod where_the_span_hangs {
    use super::*;
    use tracer_runtime::Link;

    #[traced]
    fn outer<T>(inner: impl FnOnce(Context) -> T) -> T {
        inner(Context::current())
    }

    #[traced(root)]
    fn root() {}

    #[traced(root)]
    async fn root_later() {}

    #[traced(parent = cx)]
    fn under(cx: Context) {}

    #[traced(parent = cx, args(n))]
    async fn under_later(cx: &Context, n: String) -> usize {
        n.len()
    }

    struct Job {
        context: Option<Context>,
    }

    impl Job {
        #[traced(parent = self.context)]
        fn run(self) -> Result<(), String> {
            if self.context.is_none() {
                return Err("no context".to_owned());
            }
            Ok(())
        }

        #[traced(parent = self.context)]
        async fn run_later(self) {
            tokio::task::yield_now().await;
        }
    }

    #[traced(links = [link.clone()])]
    fn linked(link: Link) {}

    #[traced(root, links = links.iter().cloned())]
    async fn root_linked(links: Vec<Link>) -> usize {
        links.len()
    }

    #[test]
    fn under_a_context_or_nothing() {
        let text = tree(|| {
            let mut context = None;
            outer(|cx| {
                context = Some(cx);
                root();
                block_on(root_later());
                outer(|_| under(cx));
                outer(|_| block_on(under_later(&cx, "n".to_owned())));
                outer(|_| Job { context: Some(cx) }.run()).unwrap();
                outer(|_| block_on(Job { context: Some(cx) }.run_later()));
            });
            Job { context: None }.run().unwrap_err();
        });
        assert_eq!(
            text,
            "outer [ok]\n  outer [ok]\n  under [ok]\n  outer [ok]\n  under_later [ok] {n=\"n\"}\n\
             \x20 outer [ok]\n  run [ok]\n  outer [ok]\n  run_later [ok]\n\
             root [ok]\nroot_later [ok]\nrun [error: no context]\n"
        );
    }

    #[test]
    fn with_links() {
        let text = tree(|| {
            let link = outer(|cx| Link {
                trace_id: cx.trace_id(),
                span_id: cx.span_id(),
                sampled: cx.is_sampled(),
                attributes: Vec::new(),
            });
            outer(|_| linked(link.clone()));
            outer(|_| block_on(root_linked(vec![link])));
        });
        assert_eq!(
            text,
            "outer [ok]\nouter [ok]\n  linked [ok]\nouter [ok]\nroot_linked [ok]\n"
        );
    }
}

mod signals {
    use super::*;

    #[traced(metrics = off)]
    fn no_metrics() {}

    #[traced(metrics_only)]
    fn no_span() -> u32 {
        inner()
    }

    #[traced]
    fn inner() -> u32 {
        1
    }

    #[traced(metrics_only)]
    async fn no_span_later() {
        inner();
    }

    #[test]
    fn one_of_the_two() {
        let text = tree(|| {
            no_metrics();
            no_span();
            block_on(no_span_later());
        });
        assert_eq!(text, "no_metrics [ok]\ninner [ok]\ninner [ok]\n");
    }
}

mod blocks {
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
}

mod carriers {
    use super::*;
    use http::{HeaderMap, Request};

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", TRACEPARENT.parse().unwrap());
        headers
    }

    #[traced(server)]
    async fn by_type(_n: u32, _: String, headers: HeaderMap) -> usize {
        headers.len()
    }

    #[traced(server)]
    fn by_reference(request: &Request<()>) -> usize {
        request.headers().len()
    }

    struct Wrapped {
        inner: HeaderMap,
    }

    #[traced(server, carrier = wrapped.inner)]
    async fn by_name(wrapped: Wrapped) -> usize {
        wrapped.inner.len()
    }

    #[test]
    fn a_server_continues_the_trace() {
        let request = || {
            let mut request = Request::new(());
            *request.headers_mut() = headers();
            request
        };
        for call in [
            &(|| block_on(by_type(1, String::new(), headers()))) as &dyn Fn() -> usize,
            &|| by_reference(&request()),
            &|| block_on(by_name(Wrapped { inner: headers() })),
        ] {
            let span = spans(call).remove(0);
            assert_eq!(
                span.trace_id.to_string(),
                "0af7651916cd43dd8448eb211c80319c"
            );
            assert_eq!(span.parent_id.to_string(), "b7ad6b7169203331");
        }
    }

    fn sent(headers: &HeaderMap) -> String {
        headers["traceparent"].to_str().unwrap()[3..52].to_owned()
    }

    #[traced(client)]
    async fn owned(request: Request<()>) -> String {
        sent(request.headers())
    }

    #[traced(client)]
    async fn borrowed(_n: u32, request: &mut Request<()>) -> String {
        tokio::task::yield_now().await;
        sent(request.headers())
    }

    #[traced(client, carrier = second)]
    async fn one_of_two(first: HeaderMap, mut second: HeaderMap) -> String {
        assert!(first.is_empty());
        second.insert("other", "1".parse().unwrap());
        sent(&second)
    }

    #[traced(client, carrier = wrapped.inner_mut())]
    async fn expression(mut wrapped: Wrapped) -> String {
        wrapped.inner_mut().insert("other", "1".parse().unwrap());
        sent(&wrapped.inner)
    }

    impl Wrapped {
        fn inner_mut(&mut self) -> &mut HeaderMap {
            &mut self.inner
        }
    }

    #[test]
    fn a_client_sends_its_context() {
        for call in [
            &(|| block_on(owned(Request::new(())))) as &dyn Fn() -> String,
            &|| block_on(borrowed(1, &mut Request::new(()))),
            &|| block_on(one_of_two(HeaderMap::new(), HeaderMap::new())),
            &|| {
                block_on(expression(Wrapped {
                    inner: HeaderMap::new(),
                }))
            },
        ] {
            let capture = capture();
            let sent = call();
            let span = capture.spans().remove(0);
            assert_eq!(sent, format!("{}-{}", span.trace_id, span.span_id));
        }
    }
}

#[test]
fn values_are_plain_data() {
    #[traced(args(n), ret)]
    fn f(n: u32) -> bool {
        n > 0
    }
    let span = spans(|| f(1)).remove(0);
    let values: Vec<_> = span
        .attributes
        .iter()
        .map(|kv| (&*kv.key, &kv.value))
        .collect();
    assert_eq!(
        values,
        [("n", &Value::I64(1)), ("return", &Value::Bool(true))]
    );
}
