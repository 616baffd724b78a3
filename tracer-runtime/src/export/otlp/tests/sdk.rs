//! The OTLP exporter of the SDK in the place of ours.

use opentelemetry_otlp::WithExportConfig as _;

use super::*;
use crate::export::limits::Limits;
use crate::export::sdk::SdkExporter;

#[test]
fn the_exporter_of_opentelemetry_otlp_delivers_every_span() {
    let receiver = Receiver::start(|_| Answer::Ok);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let within = runtime.enter();
    let theirs = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(receiver.url())
        .build()
        .expect("valid settings");
    let account: &'static Account = Box::leak(Box::new(Account::new()));
    let resource = Resource::new(&[], Some("shop"), &[]);
    let exporter = SdkExporter::start(
        Box::new(theirs),
        &resource,
        Limits::default(),
        Some(account),
    );
    let mut exporter = exporter.expect("a thread");
    drop(within);
    let spans: Vec<OwnedSpan> = (1..=600).map(|id| OwnedSpan::new(&SITE, id)).collect();
    exporter.export(&mut spans.iter().map(OwnedSpan::view));
    let deadline = Instant::now() + Duration::from_secs(60);
    exporter
        .shutdown(deadline)
        .expect("the receiver takes everything");
    assert_eq!(receiver.taken(), (1..=600).collect::<Vec<_>>());
    assert_eq!(account.totals().exported, 600);
}
