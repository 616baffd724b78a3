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
