//! What the shop itself counts, with plain counters, so that the telemetry can be compared with it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Ok,
    Error,
    Panic,
    Cancelled,
}

impl Fate {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Ok, "ok"),
        (Self::Error, "error"),
        (Self::Panic, "panic"),
        (Self::Cancelled, "cancelled"),
    ];

    /// What the payment of this order will do.
    pub(crate) fn of_order(order: u64) -> Self {
        match order % 100 {
            23 | 37 | 41 | 67 | 89 => Self::Error,
            13 => Self::Panic,
            7 | 71 => Self::Cancelled,
            _ => Self::Ok,
        }
    }
}

static COUNTS: Mutex<BTreeMap<(&'static str, Fate), u64>> = Mutex::new(BTreeMap::new());

/// Counts a call of a function.
pub(crate) fn count(function: &'static str, fate: Fate) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry((function, fate)).or_default() += 1;
}

/// What the load generator saw.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) durations_ns: Vec<u64>,
    pub(crate) failed_traces: Vec<String>,
}

impl Report {
    /// Everything as JSON.
    pub(crate) fn to_json(&self) -> String {
        let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |function: &str| {
            let fates = Fate::ALL.map(|(fate, name)| {
                let n = counts
                    .iter()
                    .find(|((f, known), _)| *f == function && *known == fate)
                    .map_or(0, |(_, n)| *n);
                format!("\"{name}\": {n}")
            });
            format!("{{{}}}", fates.join(", "))
        };
        let mut functions: Vec<&str> = counts.keys().map(|(function, _)| *function).collect();
        functions.dedup();
        let functions: Vec<String> = functions
            .into_iter()
            .map(|f| format!("\"{f}\": {}", of(f)))
            .collect();
        let durations: Vec<String> = self.durations_ns.iter().map(u64::to_string).collect();
        let failed: Vec<String> = self
            .failed_traces
            .iter()
            .take(20)
            .map(|id| format!("\"{id}\""))
            .collect();
        let mut json = String::new();
        let _ = write!(
            json,
            "{{\"requests\": {}, \"outcomes\": {}, \"durations_ns\": [{}], \"functions\": {{{}}}, \"failed_traces\": [{}]}}",
            self.durations_ns.len(),
            of("buy"),
            durations.join(", "),
            functions.join(", "),
            failed.join(", ")
        );
        json
    }
}
