//! What is said about a request beside its spans, and settings that cannot be used.

use super::*;

/// The error of an exporter that cannot be built.
fn error(settings: &OtlpSettings) -> SetupError {
    let account: &'static Account = Box::leak(Box::new(Account::new()));
    let surroundings = Surroundings {
        resource: &Resource::new(&[], None, &[]),
        account,
        byte_budget: 0,
        metrics: None,
        logs: None,
        spans_go_elsewhere: false,
    };
    OtlpExporter::new(settings, surroundings).expect_err("it cannot be built")
}

#[test]
fn headers_and_the_user_agent_arrive_also_when_it_is_compressed() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let mut settings = settings(&receiver.url());
    if let Some(traces) = &mut settings.traces {
        traces.compression = Compression::Gzip;
        traces.headers.pairs = vec![("Api-Key".into(), "secret".into())];
    }
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(10);
    assert_eq!(sender.flush(), Ok(()));
    let request = &receiver.requests()[0];
    let header = |name| request.headers.get(name).map(|v| v.as_bytes().to_owned());
    assert_eq!(header("api-key"), Some(b"secret".to_vec()));
    assert_eq!(header("grpc-encoding"), Some(b"gzip".to_vec()));
    assert!(header("grpc-timeout").is_some());
    let agent = header("user-agent").expect("a user agent");
    assert!(agent.starts_with(b"OTel-OTLP-Exporter-Rust/"));
    assert_eq!(receiver.taken(), sender.all_ids());
}

#[test]
fn batches_keep_to_what_a_receiver_takes() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let mut settings = settings(&receiver.url());
    settings.batches = BatchSettings::default();
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(2_000);
    let large: Vec<OwnedSpan> = (2_001..=2_030)
        .map(|id| {
            let text = "x".repeat(1_000_000);
            OwnedSpan::new(&SITE, id).with(crate::value::KeyValue::new("text", text))
        })
        .collect();
    sender
        .exporter
        .export(&mut large.iter().map(OwnedSpan::view));
    sender.sent += 30;
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(receiver.taken(), sender.all_ids());
    let requests = receiver.requests();
    assert!(requests.iter().all(|r| r.ids.len() <= 512));
    assert!(requests.iter().all(|r| r.bytes <= 4 * 1024 * 1024));
    // 512 three times, the rest with what fits, then four of a megabyte each.
    assert_eq!(requests.len(), 3 + 1 + 7);
}

#[test]
fn an_endpoint_with_tls_names_the_setting_and_what_to_write() {
    let mut settings = OtlpSettings::default();
    settings.send_to("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317");
    let error = error(&settings).to_string();
    assert!(
        error.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT=\"https://collector:4317\": TLS is not"),
        "{error}"
    );
    assert!(error.contains("http://"), "{error}");
}

#[test]
fn an_endpoint_that_is_no_url_says_what_is_expected() {
    for url in ["", "collector:4317", "/path", "http://", "http://a b"] {
        let mut settings = OtlpSettings::default();
        settings.send_to("with_otlp_endpoint", url);
        let error = error(&settings).to_string();
        assert!(error.contains("http://localhost:4317"), "{url}: {error}");
    }
}

#[test]
fn a_header_that_http_does_not_allow_is_named_and_its_value_is_not() {
    for (name, value) in [("two words", "secret"), ("key", "secret\n")] {
        let mut settings = OtlpSettings::default();
        if let Some(traces) = &mut settings.traces {
            traces.headers.pairs = vec![(name.into(), value.into())];
        }
        let error = error(&settings);
        assert_eq!(error.value, name);
        assert!(!format!("{error:?}{error}").contains("secret"), "{error}");
    }
}

#[test]
fn a_signal_without_a_receiver_is_not_exported() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let mut settings = settings(&receiver.url());
    settings.traces = None;
    let mut sender = Sender::new(&settings, usize::MAX);
    sender.send(3);
    assert_eq!(sender.flush(), Ok(()));
    assert_eq!(sender.totals().dropped(DropReason::NoExporter), 3);
    sender.exporter.spans_go_elsewhere = true;
    sender.send(4);
    assert_eq!(sender.totals().exported, 4);
    assert_eq!(
        receiver.read(|r| (r.requests.len(), r.metrics.len())),
        (0, 1)
    );
}
