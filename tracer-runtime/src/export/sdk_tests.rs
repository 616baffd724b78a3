//! What exporters of the SDK are handed, and what becomes of spans that they do not take.

use opentelemetry::trace::{SpanKind as OtelKind, Status};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::InMemorySpanExporter;

use super::*;
use crate::callsite::{Callsite, SpanKind};
use crate::export::fixture::OwnedSpan;
use crate::record::{CallOutcome, EventKind};
use crate::value::{KeyValue, Value};

static SITE: Callsite = Callsite::new("work", "work", "shop").with_kind(SpanKind::Server);

fn account() -> &'static Account {
    Box::leak(Box::new(Account::new()))
}

fn start(exporter: impl SpanExporter + 'static, account: &'static Account) -> SdkExporter {
    let resource = Resource::new(&[], Some("shop"), &[]);
    let limits = Limits::default();
    SdkExporter::start(Box::new(exporter), &resource, limits, Some(account)).expect("a thread")
}

fn send(exporter: &mut SdkExporter, spans: &[OwnedSpan]) {
    exporter.export(&mut spans.iter().map(OwnedSpan::view));
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[derive(Debug)]
enum Odd {
    Fails,
    Panics,
    Hangs,
}

impl SpanExporter for Odd {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        match self {
            Self::Fails => Err(OTelSdkError::InternalFailure("on purpose".into())),
            Self::Panics => panic!("on purpose"),
            Self::Hangs => std::future::pending().await,
        }
    }
}

#[test]
fn an_exporter_of_the_sdk_gets_all_that_is_known_of_a_span() {
    let (memory, account) = (InMemorySpanExporter::default(), account());
    let mut exporter = start(memory.clone(), account);
    let texts = Value::Array(vec!["a".into(), "b".into()]);
    let span = OwnedSpan::new(&SITE, 7)
        .under(5)
        .with(KeyValue::new("n", 1))
        .with(KeyValue::new("texts", texts))
        .event(EventKind::Event, "seen", 120, vec![KeyValue::new("at", 2)])
        .failed("shop::NoStock", Some("no stock"));
    send(&mut exporter, &[span, OwnedSpan::new(&SITE, 8)]);
    exporter.flush(soon()).expect("it takes everything");
    let spans = memory.get_finished_spans().expect("no thread panicked");
    let span = &spans[0];
    assert_eq!(
        (spans.len(), &*span.name, &span.span_kind),
        (2, "work", &OtelKind::Server)
    );
    assert_eq!(span.status, Status::error("no stock"));
    assert_eq!(span.parent_span_id.to_string(), "0000000000000005");
    assert!(span.span_context.is_sampled() && span.end_time > span.start_time);
    assert_eq!(span.instrumentation_scope.name(), "tracer-runtime");
    let said = |key: &str| {
        let found = span.attributes.iter().find(|a| a.key.as_str() == key);
        found.map(|a| a.value.to_string()).unwrap_or_default()
    };
    assert_eq!(
        ["n", "texts", "error.type", "code.function.name"].map(said),
        ["1", "[\"a\",\"b\"]", "shop::NoStock", "shop::work"]
    );
    let events: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["seen", "exception"]);
    assert_eq!(account.totals().exported, 2);
}

#[test]
fn the_exporter_that_prints_takes_batch_after_batch() {
    let account = account();
    let mut exporter = start(opentelemetry_stdout::SpanExporter::default(), account);
    let spans: Vec<_> = (1..=700).map(|id| OwnedSpan::new(&SITE, id)).collect();
    send(&mut exporter, &spans);
    exporter.shutdown(soon()).expect("it takes everything");
    assert_eq!(account.totals().exported, 700);
}

#[test]
fn what_an_exporter_does_not_take_is_counted_and_told() {
    for (odd, cause) in [(Odd::Fails, "on purpose"), (Odd::Panics, "panicked")] {
        let account = account();
        let mut exporter = start(odd, account);
        send(&mut exporter, &[OwnedSpan::new(&SITE, 1)]);
        let told = exporter.flush(soon()).unwrap_err().to_string();
        assert!(
            told.starts_with("1 spans were not delivered") && told.contains(cause),
            "{told}"
        );
        assert_eq!(account.totals().dropped(DropReason::ExportFailed), 1);
        // Said once.
        exporter.flush(soon()).expect("nothing is lost since");
    }
}

#[test]
fn an_exporter_that_never_answers_holds_nobody_up() {
    let account = account();
    let mut exporter = start(Odd::Hangs, account);
    let spans: Vec<_> = (1..=2 * MAX_WAITING as u64)
        .map(|id| OwnedSpan::new(&SITE, id).ended(CallOutcome::Ok))
        .collect();
    send(&mut exporter, &spans);
    assert_eq!(
        account.totals().dropped(DropReason::QueueFull),
        MAX_WAITING as u64
    );
    let answer = exporter.shutdown(Instant::now() + Duration::from_millis(20));
    assert!(
        matches!(answer, Err(ExportError::TimedOut { undelivered: 8 })),
        "{answer:?}"
    );
}
