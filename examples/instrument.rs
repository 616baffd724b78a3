//! The one line that changes when a program already uses `#[instrument]`, and what comes with it.
//!
//! Run: `cargo run --example instrument`.
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex};

// Was: use tracing::instrument;
use tracer_runtime::instrument;
use tracer_runtime::{metrics, testing};
use tracing::info;

#[instrument(skip(card), fields(last = %card.get(12..).unwrap_or_default()), err)]
fn charge(order: u64, card: &str) -> Result<(), String> {
    info!("asking the bank");
    match order {
        7 => Err("no funds".to_owned()),
        _ => Ok(()),
    }
}

#[instrument(ret)]
fn place(order: u64) -> bool {
    charge(order, "4000123412341234").is_ok()
}

/// Where the log of this program goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().map_err(|_| std::io::ErrorKind::Other)?;
        log.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    let capture = testing::capture();
    tracing::subscriber::with_default(subscriber, || place(7));

    // The subscriber has seen what it always saw.
    let log = String::from_utf8(log.0.lock().map_err(|_| "a poisoned log")?.clone())?;
    println!("{log}");
    assert_eq!(
        log,
        " INFO place{order=7}:charge{order=7 last=1234}: instrument: asking the bank\n\
         ERROR place{order=7}:charge{order=7 last=1234}: instrument: error=no funds\n \
         INFO place{order=7}: instrument: return=false\n"
    );

    // And there is a trace, with outcomes,
    let tree = capture.tree();
    println!("{tree}");
    assert_eq!(
        tree,
        "place [ok] {order=7, return=false}\n  charge [error: no funds] {order=7, last=\"1234\"}\n"
    );

    // and exact metrics.
    let failed =
        "function_calls_total{function=\"charge\",module=\"instrument\",outcome=\"error\"} 1";
    println!("{failed}");
    assert!(metrics::encode().contains(failed));
    Ok(())
}
