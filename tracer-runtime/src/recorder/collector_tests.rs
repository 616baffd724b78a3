use super::*;
use crate::callsite::Callsite;
use crate::record::{CallOutcome, SpanRecord, SpanView};
use crate::{SpanId, TraceId};

/// Takes the first spans and settles them, breaks on the next one.
struct Breaks(&'static Account);

impl Exporter for Breaks {
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool {
        for _ in 0..2 {
            assert!(spans.next().is_some());
            self.0.exported(1);
        }
        assert!(spans.next().is_none(), "on purpose");
        true
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        panic!("on purpose")
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError> {
        self.flush(deadline)
    }

    fn tick(&mut self, _now: Instant) {
        panic!("on purpose")
    }
}

fn trace_of(site: &'static Callsite, spans: u64) -> Fragment {
    let mut fragment = Fragment::new();
    fragment.trace = TraceId([1, 1]);
    assert!(fragment.grow(|| None));
    for span in 1..=spans {
        fragment.push(SpanRecord {
            span: SpanId(span),
            parent: SpanId::INVALID,
            callsite: site,
            start: 1,
            duration: 1,
            outcome: CallOutcome::Ok,
            details: 0,
        });
    }
    fragment
}

#[test]
fn an_exporter_that_panics_loses_what_it_broke_on_and_nothing_else() {
    static SITE: Callsite = Callsite::new("a", "a", "m");
    static ACCOUNT: Account = Account::new();
    let fragment = trace_of(&SITE, 5);
    let mut exporters = Exporters {
        settling: Some(Box::new(Breaks(&ACCOUNT))),
        ..Exporters::default()
    };
    exporters.take(&fragment, &ACCOUNT);
    exporters.tick();
    let now = Instant::now();
    assert!(exporters.each(|exporter| exporter.flush(now)).is_err());
    let totals = ACCOUNT.totals();
    assert_eq!(totals.exported, 2);
    assert_eq!(totals.dropped(DropReason::ExportFailed), 3);
}

/// Takes all spans, or says that it does not.
struct Takes(bool);

impl Exporter for Takes {
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool {
        spans.for_each(drop);
        self.0
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }

    fn shutdown(&mut self, _deadline: Instant) -> Result<(), ExportError> {
        Ok(())
    }
}

#[cfg(feature = "metrics")]
#[test]
fn only_what_somebody_takes_is_referred_to() {
    static ACCOUNT: Account = Account::new();
    let refers = |watching: &[bool], settling: Option<bool>, elsewhere: bool| {
        let site: &'static Callsite = Box::leak(Box::new(Callsite::new("a", "a", "taken")));
        site.register();
        let exporter = |&takes| -> Box<dyn Exporter> { Box::new(Takes(takes)) };
        let mut fragment = trace_of(site, 2);
        fragment.exported_elsewhere = elsewhere;
        let mut exporters = Exporters {
            settling: settling.as_ref().map(exporter),
            watching: watching.iter().map(exporter).collect(),
            exemplars: true,
        };
        exporters.take(&fragment, &ACCOUNT);
        let noted = exemplars::of_functions();
        noted.iter().any(|(of, _)| std::ptr::eq(*of, site))
    };
    assert!(!refers(&[], None, false));
    assert!(!refers(&[false], Some(false), false));
    assert!(refers(&[false, true], None, false));
    assert!(refers(&[], Some(true), false));
    assert!(refers(&[true], Some(false), false));
    assert!(refers(&[], None, true));
}
