//! With `enable` and without, the span is there where `tracing` is. Apart from the other tests: a thread without a
//! subscriber that meets a callsite first can hide it from one that comes at the same moment.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, reason = "tests")]

use tracer_tests_disabled::instrumented;

#[test]
fn subscribers_see_instrumented_functions() {
    use std::sync::Mutex;
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata};

    static SEEN: Mutex<Vec<&str>> = Mutex::new(Vec::new());

    struct Names;
    impl tracing::Subscriber for Names {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            SEEN.lock().unwrap().push(span.metadata().name());
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            SEEN.lock().unwrap().push(event.metadata().target());
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    tracing::subscriber::with_default(Names, || {
        assert_eq!(instrumented::plain(1), 1);
        assert!(instrumented::order(0, "card").is_err());
        assert_eq!(instrumented::checked(-1), -1);
    });
    assert_eq!(*SEEN.lock().unwrap(), ["plain", "order", "shop", "checked"]);
}
