//! Fields as attributes.

use std::fmt;

use tracer_runtime::{SpanKind, Value, traced};
use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::{spans, tree};

#[test]
fn fields_are_attributes_with_their_types() {
    let spans = spans(|| {
        let large = u64::MAX;
        let _span = info_span!(
            "typed",
            signed = -1_i64,
            unsigned = 2_u64,
            large,
            huge = i128::MAX,
            float = 0.5,
            yes = true,
            text = "a \"b\"",
            debug = ?Some(1),
            display = %"shown",
            nothing = Empty,
            dotted.name = 3,
        );
    });
    let is = |key: &str, value: Value| assert_eq!(spans[0].attribute(key), Some(&value), "{key}");
    is("signed", Value::I64(-1));
    is("unsigned", Value::I64(2));
    is("large", "18446744073709551615".into());
    is("huge", i128::MAX.to_string().into());
    is("float", Value::F64(0.5));
    is("yes", Value::Bool(true));
    is("text", "a \"b\"".into());
    is("debug", "Some(1)".into());
    is("display", "shown".into());
    is("dotted.name", Value::I64(3));
    assert_eq!(spans[0].attribute("nothing"), None);
}

#[test]
fn what_is_recorded_late_is_added_and_replaces() {
    let tree = tree(|| {
        let span = info_span!("late", a = 1, b = Empty, c = Empty);
        span.record("b", "two");
        span.in_scope(|| {
            Span::current().record("a", 10);
            tracer_runtime::record("d", 4);
        });
        span.record("c", true);
    });
    assert_eq!(tree, "late [ok] {a=10, b=\"two\", d=4, c=true}\n");
}

#[test]
fn a_field_that_is_an_error_says_what_went_wrong_and_why() {
    #[derive(Debug)]
    struct Outer(fmt::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let spans = spans(|| {
        let error = Outer(fmt::Error);
        let _span = info_span!("failed", why = &error as &dyn std::error::Error);
    });
    let source = fmt::Error.to_string();
    assert_eq!(spans[0].attribute("why"), Some(&"outer".into()));
    assert_eq!(
        spans[0].attribute("exception.message"),
        Some(&"outer".into())
    );
    assert_eq!(
        spans[0].attribute("exception.stacktrace"),
        Some(&source.into())
    );
}

#[test]
fn a_span_says_its_name_and_kind_at_once_or_late() {
    let spans = spans(|| {
        let _early = info_span!(
            "request",
            otel.name = "GET /cart",
            otel.kind = "SERVER",
            id = 1
        );
        let late = info_span!("call", otel.name = Empty, otel.kind = Empty);
        late.record("otel.name", format!("{} {}", "POST", "/cart"));
        late.record("otel.kind", tracing::field::debug(format_args!("Client")));
        let _odd = info_span!("odd", otel.kind = "sideways");
    });
    let seen: Vec<_> = spans.iter().map(|s| (s.name(), s.kind())).collect();
    assert_eq!(
        seen,
        [
            ("GET /cart", SpanKind::Server),
            ("POST /cart", SpanKind::Client),
            ("odd", SpanKind::Internal)
        ]
    );
    assert_eq!(spans[0].attributes.len(), 1, "{:?}", spans[0].attributes);
    assert!(spans[1].attributes.is_empty() && spans[2].attributes.is_empty());
}

#[test]
fn a_span_knows_where_it_is() {
    let spans = spans(|| drop(info_span!("here")));
    let line = i64::from(line!() - 1);
    assert_eq!(spans[0].attribute("code.line.number"), Some(&line.into()));
    let file = spans[0].attribute("code.file.path").unwrap().to_string();
    assert!(file.ends_with("fields.rs\""), "{file}");
    assert_eq!(spans[0].callsite.module(), module_path!());
}

#[test]
fn a_debug_that_logs_and_opens_spans_does_no_harm() {
    struct Chatty;
    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info_span!("within").in_scope(|| tracing::info!("said"));
            Span::current().record("late", 1);
            f.write_str("chatty")
        }
    }
    #[traced]
    fn root() {
        let span = info_span!("spoken", late = Empty).entered();
        span.record("late", tracing::field::debug(Chatty));
        tracing::info!(value = ?Chatty, "asked");
    }
    let tree = tree(root);
    assert!(tree.contains("spoken [ok] {late="), "{tree}");
    // `tracing` lets nothing in from within an event.
    assert_eq!(tree.matches("within [ok]").count(), 1, "{tree}");
    assert_eq!(tree.matches("* said").count(), 1, "{tree}");
    assert_eq!(tree.matches("* asked").count(), 1, "{tree}");
}
