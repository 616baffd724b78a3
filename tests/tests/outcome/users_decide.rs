use super::*;

struct Answer(u32);

impl Outcome for Answer {
    fn failure(&self, kind: SpanKind) -> Option<Failure> {
        (self.0 != 42 && kind == SpanKind::Internal).then(|| Failure {
            error_type: "wrong".into(),
            message: Some(self.0.to_string()),
            chain: Vec::new(),
        })
    }
}

#[traced]
fn answer(n: u32) -> Answer {
    Answer(n)
}

#[traced(kind = producer)]
fn answer_with_kind(n: u32) -> Answer {
    Answer(n)
}

#[traced]
fn expected_error(n: u32) -> Result<(), Answer> {
    Err(Answer(n))
}

#[traced]
fn generic<T: Outcome>(value: T) -> T {
    value
}

#[test]
fn by_the_trait() {
    assert_ok(|| answer(42));
    assert_eq!(
        failure(|| answer(1)),
        ("wrong".to_owned(), Some("1".to_owned()))
    );
    assert_ok(|| answer_with_kind(1));
    assert_ok(|| expected_error(42));
    assert_eq!(message(|| expected_error(2)), "2");
    assert_eq!(message(|| generic(Answer(3))), "3");
}

fn is_even(n: &u32) -> bool {
    n % 2 == 0
}

#[traced(ok_if = is_even)]
fn even(n: u32) -> u32 {
    n
}

#[traced(error_if = is_even)]
async fn odd(n: u32) -> u32 {
    n
}

#[traced(error_if = Option::is_none)]
fn found(n: u32) -> Option<u32> {
    if n == 0 {
        return None;
    }
    Some(n)
}

#[traced(ok_if = Result::is_ok)]
fn result(ok: bool) -> Result<(), Outer> {
    if ok { Ok(()) } else { Err(Outer(Inner)) }
}

fn is_serious(result: &Result<(), u32>) -> bool {
    matches!(result, Err(n) if *n > 10)
}

#[traced(error_if = is_serious)]
fn serious(n: u32) -> Result<(), u32> {
    Err(n)
}

#[test]
fn by_a_function() {
    assert_ok(|| even(2));
    assert_eq!(failure(|| even(1)), ("_OTHER".to_owned(), None));
    assert_ok(|| block_on(odd(1)));
    assert_eq!(failure(|| block_on(odd(2))).0, "_OTHER");
    assert_ok(|| found(1));
    assert_eq!(failure(|| found(0)).0, "_OTHER");
    assert_ok(|| result(true));
    assert_eq!(message(|| result(false)), "outer");
    assert_ok(|| serious(1));
    assert_eq!(message(|| serious(11)), "11");
}

#[traced(err)]
fn default() -> Result<(), Outer> {
    Err(Outer(Inner))
}

#[traced(err(Debug))]
fn debug() -> Result<(), Outer> {
    Err(Outer(Inner))
}

#[traced(err(Display))]
async fn display() -> Result<(), Outer> {
    Err(Outer(Inner))
}

#[traced(err(none))]
fn none() -> Result<(), Outer> {
    Err(Outer(Inner))
}

#[test]
fn how_the_message_is_recorded() {
    assert_eq!(message(default), "outer");
    assert_eq!(message(debug), "Outer(Inner)");
    assert_eq!(message(|| block_on(display())), "outer");
    let failure = span(none).failure.unwrap();
    assert_eq!(failure.error_type, "outcome::Outer");
    assert_eq!((failure.message, failure.chain), (None, vec![]));
}

#[traced]
fn reports(text: &str) -> Option<u8> {
    text.parse().inspect_err(tracer_runtime::set_error).ok()
}

#[traced]
async fn reports_later(text: &str) -> Option<u8> {
    tokio::task::yield_now().await;
    reports(text)?;
    tracer_runtime::set_error(&fmt::Error);
    None
}

#[traced]
fn reports_and_fails() -> Result<(), Answer> {
    tracer_runtime::set_error(&fmt::Error);
    Err(Answer(1))
}

#[test]
fn by_what_the_code_inside_reports() {
    assert_ok(|| reports("7"));
    assert_eq!(
        failure(|| reports("x")),
        (
            "core::num::error::ParseIntError".to_owned(),
            Some("invalid digit found in string".to_owned())
        )
    );
    let capture = capture();
    assert_eq!(block_on(reports_later("7")), None);
    assert!(reports_and_fails().is_err());
    assert_eq!(
        capture.tree(),
        "reports_later [error: an error occurred when formatting an argument]\n  reports [ok]\nreports_and_fails [error: 1]\n"
    );
    let text = tracer_runtime::metrics::encode();
    let count = "function_calls_total{function=\"reports_later\",module=\"outcome::users_decide\",outcome=\"error\"} 1";
    assert!(text.contains(count), "{text}");
}
