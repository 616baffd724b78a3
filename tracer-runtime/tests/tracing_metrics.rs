//! Spans of other crates are counted where the filter asks for it, from then on and as long as it does.
#![allow(clippy::unwrap_used, reason = "a test")]

use tracer_runtime::{Keep, Sampler, metrics};
use tracing::{error_span, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

fn calls(function: &str, outcome: &str) -> u64 {
    let text = metrics::encode();
    let labels = format!("function_calls_total{{function=\"{function}\"");
    let outcome = format!("outcome=\"{outcome}\"");
    let line = text
        .lines()
        .find(|line| line.starts_with(&labels) && line.contains(&outcome));
    line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

fn in_flight(function: &str) -> Option<String> {
    let text = metrics::encode();
    let labels = format!("function_calls_in_flight{{function=\"{function}\"");
    let line = text.lines().find(|line| line.starts_with(&labels))?;
    Some(line.rsplit(' ').next()?.to_owned())
}

/// One of each callsite.
fn query(fails: bool) {
    let span = info_span!(target: "sqlx", "query", otel.status_code = tracing::field::Empty);
    if fails {
        span.record("otel.status_code", "ERROR");
    }
    let _other = error_span!(target: "hyper", "serve").entered();
}

#[test]
fn the_filter_says_which_spans_of_other_crates_are_counted() {
    let telemetry = tracer_runtime::builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::nothing())
        .with_filter("info,sqlx=info/metrics=on")
        .init()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(tracer_runtime::tracing_layer());
    tracing::subscriber::with_default(subscriber, || {
        query(false);
        query(true);
        assert_eq!((calls("query", "ok"), calls("query", "error")), (1, 1));
        assert_eq!(calls("serve", "ok"), 0);

        // What began counted ends counted, and the other way round.
        let counted = info_span!(target: "sqlx", "open");
        assert_eq!(in_flight("open").as_deref(), Some("1"));
        telemetry.set_filter("info,hyper=off/metrics=on").unwrap();
        let uncounted = info_span!(target: "sqlx", "later");
        drop(counted);
        assert_eq!(in_flight("open").as_deref(), Some("0"));
        assert_eq!(calls("open", "ok"), 1);
        query(false);
        assert_eq!((calls("query", "ok"), calls("query", "error")), (1, 1));
        // Counted without a span.
        assert_eq!(calls("serve", "ok"), 1);
        telemetry.set_filter("info,sqlx/metrics=on").unwrap();
        drop(uncounted);
        assert_eq!(calls("later", "ok"), 0);
        query(false);
        assert_eq!((calls("query", "ok"), calls("serve", "ok")), (2, 1));
    });
}
