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
