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
