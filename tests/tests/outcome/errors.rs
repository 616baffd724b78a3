use super::*;

struct Borrowing<'a>(&'a str);

impl Debug for Borrowing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Borrowing({})", self.0)
    }
}

impl Display for Borrowing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Borrowing<'_> {}

struct Displayed;

impl Display for Displayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("displayed")
    }
}

#[derive(Debug)]
struct Debugged;

struct Silent;

#[traced]
fn standard() -> Result<(), Outer> {
    Err(Outer(Inner))
}

#[traced]
fn borrowing(text: &str) -> Result<(), Borrowing<'_>> {
    Err(Borrowing(text))
}

#[traced]
fn displayed() -> Result<(), Displayed> {
    Err(Displayed)
}

#[traced]
fn debugged() -> Result<(), Debugged> {
    Err(Debugged)
}

#[traced]
fn silent() -> Result<(), Silent> {
    Err(Silent)
}

#[traced]
fn boxed() -> Result<(), Box<dyn Error>> {
    Err(Box::new(Outer(Inner)))
}

#[traced]
fn boxed_send() -> Result<(), Box<dyn Error + Send>> {
    Err(Box::new(Outer(Inner)))
}

#[traced]
fn boxed_send_sync() -> Result<(), Box<dyn Error + Send + Sync>> {
    Err("text")?
}

#[test]
fn a_standard_error_gives_type_message_and_chain() {
    let failure = span(standard).failure.unwrap();
    assert_eq!(failure.error_type, "outcome::Outer");
    assert_eq!(failure.message.as_deref(), Some("outer"));
    assert_eq!(failure.chain, ["inner"]);
}

#[test]
fn an_error_may_borrow() {
    assert_eq!(message(|| borrowing("text").is_ok()), "text");
}

#[test]
fn display_counts_before_debug_and_nothing_is_needed() {
    assert_eq!(message(displayed), "displayed");
    assert_eq!(message(debugged), "Debugged");
    assert_eq!(
        failure(silent),
        ("outcome::errors::Silent".to_owned(), None)
    );
}

#[test]
fn boxed_errors_show_their_chain() {
    for call in [|| boxed().is_ok(), || boxed_send().is_ok()] {
        let failure = span(call).failure.unwrap();
        assert_eq!(failure.message.as_deref(), Some("outer"));
        assert_eq!(failure.chain, ["inner"]);
    }
    assert_eq!(message(boxed_send_sync), "text");
}

#[traced]
fn long() -> Result<(), String> {
    Err("ä".repeat(600) + "ä")
}

#[test]
fn a_message_is_cut_at_a_kibibyte() {
    assert_eq!(message(long), "ä".repeat(512));
}
