//! What a span says of its outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracer_runtime::{CallOutcome, traced};
use tracing::field::Empty;
use tracing::{error, info, info_span, instrument};

use crate::{spans, tree};

#[test]
fn a_span_says_its_status() {
    let tree = tree(|| {
        let _ok = info_span!("fine", otel.status_code = "OK");
        let _error = info_span!("failed", otel.status_code = "error");
        let _described = info_span!("described", otel.status_description = "no stock");
        let late = info_span!("late", otel.status_code = Empty);
        late.record("otel.status_code", "ERROR");
        let _odd = info_span!("odd", otel.status_code = "maybe");
    });
    let mut lines: Vec<&str> = tree.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "described [error: no stock]",
            "failed [error]",
            "fine [ok]",
            "late [error]",
            "odd [ok]"
        ]
    );
}

#[test]
fn an_error_that_is_logged_makes_the_span_one() {
    #[instrument(err)]
    fn fails() -> Result<(), String> {
        Err("no stock".into())
    }
    let spans = spans(|| {
        let _ = fails();
        info_span!("logged").in_scope(|| error!("broken"));
        info_span!("told").in_scope(|| info!(error = "soft", "only told"));
    });
    let [fails, logged, told] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(fails.outcome, Some(CallOutcome::Error));
    assert_eq!(
        fails.failure.as_ref().unwrap().message.as_deref(),
        Some("no stock")
    );
    assert_eq!(fails.events[0].name, "exception");
    let message = fails.events[0].attributes.last().unwrap();
    assert_eq!(message.key, "exception.message");
    assert_eq!(message.value, "no stock".into());
    assert_eq!(logged.outcome, Some(CallOutcome::Error));
    assert_eq!(logged.failure.as_ref().unwrap().message, None);
    assert_eq!(told.outcome, Some(CallOutcome::Ok));
}

#[test]
fn who_says_ok_stays_so() {
    let tree = tree(|| {
        let span = info_span!("settled", otel.status_code = Empty);
        span.record("otel.status_code", "OK");
        span.in_scope(|| error!("noted"));
        span.record("otel.status_code", "ERROR");
    });
    assert!(tree.starts_with("settled [ok]\n"), "{tree}");
}

#[test]
fn what_a_function_returns_decides_its_outcome_not_what_it_logs() {
    #[traced]
    fn recovers() -> Result<(), String> {
        error!("tried once");
        Ok(())
    }
    let tree = tree(|| recovers().unwrap());
    assert!(tree.starts_with("recovers [ok]\n  * tried once"), "{tree}");
}

#[test]
fn an_error_that_is_set_inside_of_it_counts() {
    let tree = tree(|| {
        info_span!("set").in_scope(|| tracer_runtime::set_error(&std::fmt::Error));
    });
    assert!(tree.starts_with("set [error: "), "{tree}");
}

#[test]
fn a_span_that_is_left_by_unwinding_is_a_panic() {
    let tree = tree(|| {
        let _ = catch_unwind(|| info_span!("outer").in_scope(|| panic!("out")));
        info_span!("catches").in_scope(|| {
            let _ = catch_unwind(AssertUnwindSafe(|| {
                info_span!("thrown").in_scope(|| panic!("out"))
            }));
        });
    });
    assert_eq!(tree, "outer [panic]\ncatches [ok]\n  thrown [panic]\n");
}

#[test]
fn a_span_in_a_destructor_that_runs_while_unwinding_is_none() {
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            info_span!("cleanup").in_scope(|| {});
        }
    }
    let tree = tree(|| {
        let _ = catch_unwind(|| {
            let _cleanup = Cleanup;
            panic!("out");
        });
    });
    assert_eq!(tree, "cleanup [ok]\n");
}

#[test]
fn the_error_type_that_a_span_says_is_the_failures() {
    let spans = spans(|| {
        let _span = info_span!("call", otel.status_code = "ERROR", error.r#type = "timeout");
    });
    assert_eq!(spans[0].failure.as_ref().unwrap().error_type, "timeout");
    assert_eq!(spans[0].attribute("error.type"), Some(&"timeout".into()));
}
