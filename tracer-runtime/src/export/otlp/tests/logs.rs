//! Log records on the whole way.

use super::*;
use crate::callsite::Level;
use crate::context::Ids;
use crate::export::logs::{LogRecord, Sink};
use crate::value::KeyValue;
use crate::{SpanId, TraceId};

fn sink() -> &'static Sink {
    let sink: &'static Sink = Box::leak(Box::new(Sink::new()));
    sink.set(true);
    sink
}

fn exporter(url: &str, sink: &'static Sink, exceptions: Exceptions) -> OtlpExporter {
    let settings = OtlpSettings {
        exceptions,
        ..settings(url)
    };
    let surroundings = Surroundings {
        resource: &Resource::new(&[], Some("shop"), &[]),
        account: Box::leak(Box::new(Account::new())),
        byte_budget: usize::MAX,
        metrics: None,
        logs: Some(sink),
        spans_go_elsewhere: false,
    };
    OtlpExporter::with_retries(&settings, surroundings, EAGER).expect("valid settings")
}

fn record(n: u64) -> LogRecord {
    LogRecord {
        unix_ns: n,
        level: Level::Warn,
        target: "shop::stock".into(),
        event_name: Some("reserved".into()),
        message: Some(format!("{n} reserved")),
        attributes: vec![KeyValue::new("n", n)],
        ids: Some(Ids {
            trace_id: TraceId([1, 2]),
            span_id: SpanId(n),
            sampled: true,
        }),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[test]
fn every_record_arrives_with_the_ids_of_its_span() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let sink = sink();
    let mut exporter = exporter(&receiver.url(), sink, Exceptions::SpanEvents);
    // More than the sink holds: the collector comes by in between.
    for n in 1..=3_000 {
        sink.emit(record(n));
        if n % 1_000 == 0 {
            exporter.tick(Instant::now());
        }
    }
    exporter
        .shutdown(soon())
        .expect("the receiver takes everything");
    let logs = receiver.read(|record| record.logs.clone());
    assert_eq!(logs.len(), 3_000);
    let last = &logs[2_999];
    assert_eq!(
        (last.time_unix_nano, last.severity_text.as_str()),
        (3_000, "WARN")
    );
    assert_eq!((last.event_name.as_str(), last.flags), ("reserved", 1));
    assert_eq!(last.trace_id, TraceId([1, 2]).to_bytes());
    assert_eq!(last.span_id, 3_000_u64.to_be_bytes());
    let keys: Vec<_> = last.attributes.iter().map(|a| a.key.as_str()).collect();
    assert_eq!(keys, ["otel.scope.name", "n"]);
    let totals = sink.account.totals();
    assert_eq!((totals.exported, totals.settled()), (3_000, sink.emitted()));
}

#[test]
fn why_a_call_failed_is_said_where_it_was_asked_for() {
    for (exceptions, in_spans, in_logs) in [
        (Exceptions::SpanEvents, 1, 0),
        (Exceptions::LogRecords, 0, 1),
        (Exceptions::Both, 1, 1),
    ] {
        let receiver = Receiver::start(|_| Answer::Ok);
        let mut exporter = exporter(&receiver.url(), sink(), exceptions);
        let failed = OwnedSpan::new(&SITE, 7).failed("shop::NoStock", Some("no stock"));
        let fine = OwnedSpan::new(&SITE, 8);
        exporter.export(&mut [failed, fine].iter().map(OwnedSpan::view));
        exporter
            .shutdown(soon())
            .expect("the receiver takes everything");
        let (events, logs) = receiver.read(|r| (r.span_events.clone(), r.logs.clone()));
        assert_eq!(
            (events.len(), logs.len()),
            (in_spans, in_logs),
            "{exceptions:?}"
        );
        assert!(events.iter().all(|name| name == "exception"));
        for log in logs {
            assert_eq!(
                (log.event_name.as_str(), log.severity_text.as_str()),
                ("exception", "ERROR")
            );
            assert_eq!(log.span_id, 7_u64.to_be_bytes());
        }
    }
}

#[test]
fn without_logs_it_is_said_in_the_span_whatever_was_asked_for() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let settings = OtlpSettings {
        exceptions: Exceptions::LogRecords,
        ..settings(&receiver.url())
    };
    let mut sender = Sender::new(&settings, usize::MAX);
    let failed = OwnedSpan::new(&SITE, 7).failed("shop::NoStock", None);
    sender.exporter.export(&mut std::iter::once(failed.view()));
    sender.flush().expect("the receiver takes everything");
    assert_eq!(receiver.read(|record| record.span_events.len()), 1);
}
