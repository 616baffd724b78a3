//! Calls that unwind, and unwinding that is caught on the way.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::record::CallOutcome;

fn outcomes(recorder: &Recorder) -> Vec<Vec<(&'static str, CallOutcome)>> {
    let named = |f: &Fragment| {
        f.spans()
            .map(|s| (s.record.callsite.name, s.record.outcome))
            .collect()
    };
    recorder.fragments().iter().map(|f| named(f)).collect()
}

fn caught(f: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
}

#[test]
fn a_poll_that_panics_ends_its_calls_and_restores_what_was_active() {
    let recorder = Recorder::new();
    let outer = enter(site!("outer"));
    let mut task: LocalTask = Box::pin(traced(site!("task"), async {
        let _held = enter(site!("held"));
        pause().await;
        panic!("as wanted");
    }));
    assert!(poll(&mut task).is_pending());
    caught(|| {
        let _ = poll(&mut task);
    });
    drop(task);
    call(site!("after"));
    ok(outer);
    use CallOutcome::{Ok, Panic};
    assert_eq!(
        outcomes(&recorder),
        [[
            ("held", Panic),
            ("task", Panic),
            ("after", Ok),
            ("outer", Ok)
        ]]
    );
    assert_idle();
    recorder.accounts_for(4);
}

#[test]
fn a_root_that_panics_is_kept_whole() {
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(traced(site!("root"), async {
        let _guard = enter(site!("child"));
        panic!("as wanted");
    }));
    caught(|| {
        let _ = poll(&mut task);
    });
    assert_idle();
    // Whoever polls it again gets the panic of the future itself, and no second record.
    caught(|| {
        let _ = poll(&mut task);
    });
    drop(task);
    use CallOutcome::Panic;
    assert_eq!(outcomes(&recorder), [[("child", Panic), ("root", Panic)]]);
    recorder.accounts_for(2);
}

#[test]
fn a_panic_caught_in_a_drop_during_unwinding_is_told_from_a_good_end() {
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            call(site!("fine"));
            caught(|| {
                let _guard = enter(site!("inner"));
                panic!("second");
            });
        }
    }
    let recorder = Recorder::with(Sampler::always_on(), Keep::nothing());
    caught(|| {
        let _cleanup = Cleanup;
        panic!("first");
    });
    use CallOutcome::{Ok, Panic};
    assert_eq!(outcomes(&recorder), [[("fine", Ok)], [("inner", Panic)]]);
    recorder.accounts_for(2);
}

#[test]
fn a_cancelled_future_whose_drop_panics_still_ends_its_call() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(traced(site!("root"), async {
        let _bad = Bad;
        pause().await;
    }));
    assert!(poll(&mut task).is_pending());
    caught(|| drop(task));
    assert_eq!(outcomes(&recorder), [[("root", CallOutcome::Panic)]]);
    assert_idle();
    recorder.accounts_for(1);
}

#[test]
fn a_description_that_panics_is_the_calls_panic() {
    #[derive(Debug, Clone, Copy)]
    struct Panics;
    impl Describe<()> for Panics {
        fn describe(self, _value: &(), _kind: SpanKind) -> Option<Box<Failure>> {
            panic!("in user code");
        }
    }
    let recorder = Recorder::new();
    let mut task: Task = Box::pin(traced_with(site!("root"), async {}, Panics));
    caught(|| {
        let _ = poll(&mut task);
    });
    assert_eq!(outcomes(&recorder), [[("root", CallOutcome::Panic)]]);
    assert_idle();
    recorder.accounts_for(1);
}
