use super::*;

#[traced]
fn panics(n: u32) -> Result<u32, String> {
    assert!(n == 0, "number {n}");
    Ok(n)
}

/// Calls `panics` and returns normally, while the thread unwinds.
struct CallsWhileDropped;

#[traced]
fn early_while_unwinding(text: &str) {
    if text.is_empty() {
        return;
    }
    println!("{text}");
}

impl Drop for CallsWhileDropped {
    fn drop(&mut self) {
        panics(0).unwrap();
    }
}

#[test]
fn a_panic_goes_on_unchanged() {
    let span = span(|| {
        let payload = std::panic::catch_unwind(|| panics(7)).unwrap_err();
        assert_eq!(*payload.downcast::<String>().unwrap(), "number 7");
    });
    assert_eq!(span.outcome, Some(CallOutcome::Panic));
    assert_eq!(span.failure, None);
}

#[test]
fn a_call_within_an_unwinding_drop_is_its_own_outcome() {
    assert_ok(|| {
        let unwound = std::panic::catch_unwind(|| {
            let _calls = CallsWhileDropped;
            panic!("elsewhere");
        });
        unwound.unwrap_err();
    });
}

struct EarlyWhileDropped;

impl Drop for EarlyWhileDropped {
    fn drop(&mut self) {
        early_while_unwinding("");
    }
}

#[test]
fn an_early_return_within_an_unwinding_drop_is_ok() {
    assert_ok(|| {
        let unwound = std::panic::catch_unwind(|| {
            let _calls = EarlyWhileDropped;
            panic!("elsewhere");
        });
        unwound.unwrap_err();
    });
}

#[traced]
fn fails_to_clean_up() {
    panic!("while cleaning up");
}

#[traced]
fn measures(items: &[u32]) -> usize {
    assert!(!items.is_empty(), "nothing to measure");
    items.len()
}

#[traced]
fn measures_unless_empty(items: &[u32]) -> usize {
    if items.is_empty() {
        return 0;
    }
    assert!(items.len() > 1, "nothing to measure");
    items.len()
}

#[traced]
fn adds_up(texts: &[&str]) -> u32 {
    let parse = |text: &&str| Some(text.parse::<u32>().ok()? + 1);
    assert!(!texts.is_empty(), "nothing to add");
    texts.iter().filter_map(parse).sum()
}

macro_rules! say {
    ($text:literal) => {
        println!($text)
    };
}

#[traced]
fn cleans_up_aloud(fail: bool) {
    say!("cleaning up");
    assert!(!fail, "while cleaning up");
}

#[traced]
fn never_ends(text: &str) -> ! {
    panic!("{text}");
}

#[traced]
fn never_returns(text: &str) -> Result<u32, String> {
    panic!("{text}");
}

/// Panics inside, catches it, and goes on.
struct PanicsWhileDropped(fn());

impl Drop for PanicsWhileDropped {
    fn drop(&mut self) {
        std::panic::catch_unwind(self.0).unwrap_err();
    }
}

#[test]
fn a_panic_that_is_caught_within_an_unwinding_drop_is_a_panic() {
    let calls: [fn(); 8] = [
        fails_to_clean_up,
        || _ = measures(&[]),
        || drop(panics(1)),
        || _ = measures_unless_empty(&[1]),
        || _ = adds_up(&[]),
        || cleans_up_aloud(true),
        || never_ends("while cleaning up"),
        || drop(never_returns("while cleaning up")),
    ];
    for call in calls {
        let span = span(|| {
            let unwound = std::panic::catch_unwind(|| {
                let _calls = PanicsWhileDropped(call);
                panic!("elsewhere");
            });
            unwound.unwrap_err();
        });
        assert_eq!(span.outcome, Some(CallOutcome::Panic));
    }
}
