//! From a bucket of a histogram to a trace that fell into it: exemplars on `/metrics`, of traces that are kept and of no
//! others. Prometheus takes them with `--enable-feature=exemplar-storage`; Grafana shows them as dots beside the graph.
//!
//! Run: `cargo run --example exemplars`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::collections::HashSet;
use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

use opentelemetry_sdk::trace::InMemorySpanExporter;
use tracer_runtime::{Keep, Sampler, metrics, traced};

/// One in a hundred fails, after a while.
#[traced]
fn answer(number: u32) -> Result<u32, &'static str> {
    if number % 100 == 7 {
        sleep(Duration::from_millis(20));
        return Err("no answer");
    }
    Ok(number)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Usually `.with_otlp()`: where the traces go that the exemplars name.
    let exporter = InMemorySpanExporter::default();
    let telemetry = tracer_runtime::builder()
        .with_sampler(Sampler::always_off())
        .with_keep(Keep::errors())
        .with_span_exporter(exporter.clone())
        .init()?;
    for number in 0..300 {
        let _ = answer(number);
    }
    telemetry.flush(Duration::from_secs(10))?;

    let text = metrics::encode();
    let is_bucket = |line: &&str| line.starts_with("function_calls_duration_seconds_bucket");
    let exemplars: Vec<&str> = text
        .lines()
        .filter(is_bucket)
        .filter_map(|line| line.split_once(" # ").map(|(_, exemplar)| exemplar))
        .collect();
    for line in text.lines().filter(is_bucket) {
        println!("{line}");
    }

    let kept = exporter.get_finished_spans()?;
    assert_eq!(kept.len(), 3, "those that failed");
    let ids = kept.iter().map(|span| &span.span_context).map(|span| {
        let (trace, span) = (span.trace_id(), span.span_id());
        format!("{{trace_id=\"{trace}\",span_id=\"{span}\"}}")
    });
    let ids: HashSet<String> = ids.collect();
    // The newest one of each bucket, and nothing of the 297 that were discarded.
    assert!((1..=3).contains(&exemplars.len()), "{exemplars:?}");
    for exemplar in exemplars {
        let (named, value_and_time) = exemplar.split_once(' ').ok_or("no value")?;
        assert!(ids.contains(named), "{named} is not among {ids:?}");
        let (value, _) = value_and_time.split_once(' ').ok_or("no time")?;
        assert!(value.parse::<f64>()? >= 0.02);
    }
    Ok(())
}
