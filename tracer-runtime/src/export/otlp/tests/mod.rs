//! The whole way over real sockets: what was delivered and what was dropped is what was sent, always.

mod delivery;
mod logs;
mod receiver;
#[cfg(feature = "opentelemetry")]
mod sdk;
mod setup;
mod trouble;

use std::time::{Duration, Instant};

use super::retry::RetryPolicy;
use super::*;
use crate::callsite::Callsite;
use crate::export::fixture::OwnedSpan;
use crate::metrics::snapshot;
use crate::recorder::account::Totals;
use receiver::{Answer, Receiver};

static SITE: Callsite = Callsite::new("work", "work", "shop");

/// Retries come at once, so that no test waits.
const EAGER: RetryPolicy = RetryPolicy {
    initial: Duration::from_millis(1),
    max: Duration::from_millis(5),
    total: None,
    attempts: 1_000,
};

/// An exporter, and what became of the spans that it was handed.
struct Sender {
    exporter: OtlpExporter,
    account: &'static Account,
    sent: u64,
}

fn settings(url: &str) -> OtlpSettings {
    let mut settings = OtlpSettings {
        batches: BatchSettings {
            max_spans: 10,
            timeout: Some(Duration::from_secs(60)),
            ..BatchSettings::default()
        },
        ..OtlpSettings::default()
    };
    settings.send_to("with_otlp_endpoint", url);
    settings
}

impl Sender {
    fn new(settings: &OtlpSettings, byte_budget: usize) -> Self {
        let account: &'static Account = Box::leak(Box::new(Account::new()));
        let surroundings = Surroundings {
            resource: &Resource::new(&[], Some("shop"), &[]),
            account,
            byte_budget,
            metrics: Some(Box::new(snapshot)),
            logs: None,
            spans_go_elsewhere: false,
        };
        let exporter = OtlpExporter::with_retries(settings, surroundings, EAGER);
        Self {
            exporter: exporter.expect("valid settings"),
            account,
            sent: 0,
        }
    }

    fn to(url: &str) -> Self {
        Self::new(&settings(url), usize::MAX)
    }

    /// Hands over so many spans with ids that go on from 1.
    fn send(&mut self, spans: u64) {
        let ids = self.sent + 1..=self.sent + spans;
        let spans: Vec<OwnedSpan> = ids.map(|id| OwnedSpan::new(&SITE, id)).collect();
        self.exporter.export(&mut spans.iter().map(OwnedSpan::view));
        self.sent += spans.len() as u64;
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        self.exporter
            .flush(Instant::now() + Duration::from_secs(60))
    }

    /// Lets exports go on until something has happened.
    fn until(&mut self, mut happened: impl FnMut() -> bool) {
        let signal = Signal::default();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !happened() {
            assert!(Instant::now() < deadline, "it does not happen");
            assert!(self.exporter.park(Duration::from_millis(5), &signal));
        }
    }

    /// After checking that every span is accounted for.
    fn totals(&self) -> Totals {
        let totals = self.account.totals();
        assert_eq!(totals.settled(), self.sent, "{totals:?}");
        totals
    }

    fn all_ids(&self) -> Vec<u64> {
        (1..=self.sent).collect()
    }
}
