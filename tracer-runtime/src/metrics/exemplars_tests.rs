use super::*;
use crate::callsite::SpanKind;
use crate::record::{CallOutcome, SpanRecord};

fn record(callsite: &'static Callsite, span: u64, start: u64, duration: u64) -> SpanRecord {
    SpanRecord {
        span: SpanId(span),
        parent: SpanId::INVALID,
        callsite,
        start,
        duration,
        outcome: CallOutcome::Ok,
        details: 0,
    }
}

fn note(functions: &Functions, trace: u64, records: &[SpanRecord]) {
    let spans = records.iter().map(|record| SpanView {
        trace: TraceId([0, trace]),
        record,
        details: None,
        parent_is_remote: false,
        sampled: true,
        partial: false,
        tracestate: None,
    });
    functions.note(spans, &Scale::NANOSECONDS);
}

const fn functions() -> Functions {
    Functions {
        // Other tests have callsites too.
        limit: 1 << 20,
        entries: Mutex::new(Vec::new()),
    }
}

/// Trace, span, value and time of each, in the order of the values.
fn all(functions: &Functions) -> Vec<(u64, u64, f64, u64)> {
    let functions = functions.lock();
    let exemplars = functions.iter().flatten().flat_map(|(_, all)| all.iter());
    let mut all: Vec<_> = exemplars
        .map(|e| (e.trace.0[1], e.span.0, e.value, e.unix_ns))
        .collect();
    all.sort_by(|a, b| a.2.total_cmp(&b.2));
    all
}

#[test]
fn the_newest_call_of_each_bucket_stands_for_it() {
    static SITE: Callsite = Callsite::new("f", "f", "newest");
    SITE.register();
    let functions = functions();
    note(&functions, 1, &[record(&SITE, 10, 1_000, 3_000_000)]);
    // In the same bucket: ended earlier, and later.
    note(&functions, 2, &[record(&SITE, 20, 900, 3_000_000)]);
    assert_eq!(all(&functions), [(1, 10, 0.003, 3_001_000)]);
    note(
        &functions,
        3,
        &[
            record(&SITE, 30, 1_000_000, 2_500_000),
            record(&SITE, 31, 2_000, 70_000_000_000),
        ],
    );
    assert_eq!(
        all(&functions),
        [(3, 30, 0.0025, 3_500_000), (3, 31, 70.0, 70_000_002_000)]
    );
}

#[test]
fn calls_that_are_not_counted_have_none() {
    static UNCOUNTED: Callsite = Callsite::new("f", "f", "uncounted").without_metrics();
    static NEVER_CALLED: Callsite = Callsite::new("f", "f", "never called");
    UNCOUNTED.register();
    let functions = functions();
    let records = [record(&UNCOUNTED, 1, 1, 1), record(&NEVER_CALLED, 2, 1, 1)];
    note(&functions, 1, &records);
    assert_eq!(all(&functions), []);
}

#[cfg(feature = "tracing")]
#[test]
fn a_callsite_by_another_name_is_the_same_one() {
    static SITE: Callsite = Callsite::new("query", "query", "sqlx");
    SITE.register();
    let renamed: &'static Callsite = Box::leak(Box::new(SITE.renamed("SELECT", SpanKind::Client)));
    let functions = functions();
    note(&functions, 1, &[record(renamed, 5, 0, 1_000)]);
    let noted = functions.lock()[SITE.id() as usize].clone();
    assert!(noted.is_some_and(|(site, _)| std::ptr::eq(site, &SITE)));
}

#[test]
fn a_callsite_has_one_for_each_bucket_however_many_traces_there_are() {
    static SITE: Callsite = Callsite::new("f", "f", "bounded");
    SITE.register();
    let functions = functions();
    for trace in 0..10_000 {
        let duration = 1 << (trace % 40);
        note(&functions, trace, &[record(&SITE, 1, trace, duration)]);
    }
    // 20 bounds and what is above them.
    assert_eq!(all(&functions).len(), 21);
}

#[test]
fn callsites_beyond_the_limit_have_none() {
    static ONE: Callsite = Callsite::new("f", "f", "limit");
    static MORE: Callsite = Callsite::new("f", "f", "limit");
    ONE.register();
    MORE.register();
    let functions = Functions {
        limit: ONE.id().min(MORE.id()) as usize,
        ..functions()
    };
    for span in 1..=3 {
        note(
            &functions,
            span,
            &[record(&ONE, span, 0, 1), record(&MORE, span, 0, 1)],
        );
    }
    assert_eq!(all(&functions).len(), 1);
}

#[test]
fn two_histograms_keep_the_newer_one_of_each_bucket() {
    let exemplar = |ticks| Exemplar {
        trace: TraceId([0, ticks]),
        span: SpanId(1),
        value: 1.0,
        unix_ns: 0,
        ticks,
    };
    let (mut one, mut two) = (Exemplars::new(), Exemplars::new());
    one.put(0, exemplar(5));
    one.put(1, exemplar(5));
    two.put(1, exemplar(6));
    two.put(2, exemplar(1));
    one.add(&two);
    let ticks = |bucket| one.of(bucket).map(|exemplar| exemplar.ticks);
    assert_eq!([0, 1, 2, 3].map(ticks), [Some(5), Some(6), Some(1), None]);
}
