use super::*;
use crate::callsite::Level;

/// What a filter leaves of a function with this target and level.
fn left(filter: &str, target: &'static str, level: Level) -> Signals {
    let site = Callsite::new("f", "f", "elsewhere");
    let filter = Filter::parse(filter).unwrap();
    filter.leaves(&site.with_target(target).with_level(level))
}

fn left_of_info(filter: &str, target: &'static str) -> Signals {
    left(filter, target, Level::Info)
}

#[test]
fn what_nothing_names_is_recorded() {
    for filter in [
        "",
        " , ,",
        "other=off",
        "shop::db::pool=off",
        "shopping=off",
    ] {
        assert_eq!(left_of_info(filter, "shop::db"), Signals::Both, "{filter}");
    }
}

#[test]
fn a_target_is_itself_and_what_is_below_it() {
    for target in ["shop", "shop::db", "shop::db::pool"] {
        assert!(!left_of_info("shop=off", target).has_spans(), "{target}");
        assert!(!left_of_info("shop::=off", target).has_spans(), "{target}");
    }
    for target in ["shopping", "my_shop", "other::shop", "sho"] {
        assert!(left_of_info("shop=off", target).has_spans(), "{target}");
    }
}

#[test]
fn the_longest_target_counts_wherever_it_stands() {
    for filter in [
        "off,shop=debug,shop::db=off",
        "shop::db=off,shop=debug,off",
        "shop=debug,off,shop::db=off",
    ] {
        assert!(!left_of_info(filter, "bank").has_spans(), "{filter}");
        assert!(left_of_info(filter, "shop::front").has_spans(), "{filter}");
        assert!(
            !left_of_info(filter, "shop::db::pool").has_spans(),
            "{filter}"
        );
    }
}

#[test]
fn of_one_target_the_last_word_counts() {
    assert!(left_of_info("shop=off,shop=info", "shop").has_spans());
    assert!(!left_of_info("shop,shop=off", "shop").has_spans());
    assert!(!left_of_info("info,off", "shop").has_spans());
}

#[test]
fn a_level_lets_through_what_is_as_severe_or_more() {
    let levels = [
        Level::Trace,
        Level::Debug,
        Level::Info,
        Level::Warn,
        Level::Error,
    ];
    for (least, word) in ["trace", "debug", "INFO", "Warn", "error"]
        .iter()
        .enumerate()
    {
        for (place, level) in levels.into_iter().enumerate() {
            let spans = |filter: &str| left(filter, "shop", level).has_spans();
            assert_eq!(spans(word), place >= least, "{word} {level:?}");
            assert_eq!(
                spans(&format!("shop={word}")),
                place >= least,
                "{word} {level:?}"
            );
        }
    }
    assert!(left("shop", "shop", Level::Trace).has_spans());
    assert!(!left("off", "shop", Level::Error).has_spans());
}

#[test]
fn a_word_that_is_a_level_is_one_unless_it_has_a_level() {
    assert!(!left_of_info("debug=off", "debug").has_spans());
    assert!(left_of_info("debug=off", "shop").has_spans());
    assert!(left("debug", "shop", Level::Debug).has_spans());
}

#[test]
fn metrics_are_counted_unless_the_directive_says_otherwise() {
    let counted = if cfg!(feature = "metrics") {
        Signals::MetricsOnly
    } else {
        Signals::Neither
    };
    assert_eq!(left_of_info("shop=off", "shop"), counted);
    assert_eq!(left_of_info("off", "shop"), counted);
    assert_eq!(left_of_info("off/metrics=off", "shop"), Signals::Neither);
    assert_eq!(
        left_of_info("shop=off / metrics = off", "shop"),
        Signals::Neither
    );
    assert_eq!(left_of_info("shop/metrics=off", "shop"), Signals::SpansOnly);
    assert_eq!(left_of_info("warn/metrics=off", "shop"), Signals::Neither);
    assert_eq!(
        left_of_info("off/metrics=off,shop=info", "shop"),
        Signals::Both
    );
}

#[cfg(feature = "tracing")]
#[test]
fn spans_of_other_crates_are_counted_where_a_directive_says_so() {
    let left = |filter: &str| {
        let site = Callsite::new("query", "query", "sqlx").without_metrics();
        Filter::parse(filter)
            .unwrap()
            .leaves(&site.of_tracing(None))
    };
    for filter in [
        "",
        "info",
        "sqlx",
        "sqlx=info",
        "other/metrics=on",
        "sqlx/metrics=off",
    ] {
        assert_eq!(left(filter), Signals::SpansOnly, "{filter}");
    }
    if cfg!(feature = "metrics") {
        assert_eq!(left("info/metrics=on"), Signals::Both);
        assert_eq!(left("sqlx = warn / metrics = on"), Signals::MetricsOnly);
        assert_eq!(left("off/metrics=on,sqlx=info"), Signals::SpansOnly);
    }
    let ours = Callsite::new("f", "f", "sqlx").without_metrics();
    let filter = Filter::parse("info/metrics=on").unwrap();
    assert_eq!(filter.leaves(&ours), Signals::SpansOnly);
}

#[test]
fn nothing_is_switched_on_that_the_attribute_switched_off() {
    let filter = Filter::parse("trace").unwrap();
    let site = || Callsite::new("f", "f", "shop");
    assert_eq!(filter.leaves(&site().without_metrics()), Signals::SpansOnly);
    assert!(!filter.leaves(&site().metrics_only()).has_spans());
}

#[test]
fn nonsense_is_named_with_what_is_expected() {
    let long = "x".repeat(10_000) + "=y";
    for (filter, directive, said) in [
        (
            "shop=loud",
            "shop=loud",
            "\"loud\" is no level: expected off, error, warn, info, debug or trace",
        ),
        ("info, shop = 3 ,x", "shop = 3", "\"3\" is no level"),
        ("shop=", "shop=", "\"\" is no level"),
        ("shop=off=on", "shop=off=on", "\"off=on\" is no level"),
        (
            "shop=off;metrics=off",
            "shop=off;metrics=off",
            "\"off;metrics=off\" is no level",
        ),
        ("=", "=", "\"\" is no level"),
        (
            "=info",
            "=info",
            "\"\" is no target: expected a module path such as shop::db",
        ),
        ("/metrics=off", "/metrics=off", "\"\" is no target"),
        (
            "shop[span]=info",
            "shop[span]=info",
            "\"shop[span]\" is no target",
        ),
        ("shop{id=7}", "shop{id=7}", "\"7}\" is no level"),
        ("two words", "two words", "\"two words\" is no target"),
        (
            "shop=off/metrics",
            "shop=off/metrics",
            "\"metrics\" after the slash: expected metrics=off or metrics=on",
        ),
        (
            "shop=off/metrics=yes",
            "shop=off/metrics=yes",
            "expected metrics=off",
        ),
        ("shop=off/", "shop=off/", "\"\" after the slash"),
        ("shop/regex", "shop/regex", "expected metrics=off"),
        ("shop\n::db", "shop\n::db", "is no target"),
        ("\0", "\0", "is no target"),
        (&long, &long, "\"y\" is no level"),
    ] {
        let error = Filter::parse(filter).unwrap_err();
        assert_eq!(error.directive(), directive);
        let text = error.to_string();
        assert!(text.contains(said), "{text}");
        assert!(text.contains(&format!("{directive:?}")), "{text}");
    }
}

#[test]
fn a_callsite_asks_once() {
    static SITE: Callsite = Callsite::new("f", "f", "filter_asks_once");
    assert_eq!(SITE.known_signals(), None);
    assert_eq!(SITE.signals(), Signals::Both);
    assert_eq!((admit(&SITE), admit(&SITE)), (Signals::Both, Signals::Both));
    let asked = lock()
        .called
        .iter()
        .filter(|site| std::ptr::eq(**site, &SITE))
        .count();
    assert_eq!(asked, 1);
}

#[test]
fn from_within_the_recorder_nobody_is_kept_waiting() {
    static SITE: Callsite = Callsite::new("f", "f", "filter_within");
    let inside = Inside::enter();
    assert_eq!(SITE.signals(), Signals::Both);
    assert_eq!(SITE.known_signals(), None, "it asks again");
    assert!(!set(Filter::everything()));
    drop(inside);
}
