//! From kept traces to where they can be read.

use std::fmt;
use std::time::{Duration, Instant};

use crate::record::SpanView;

#[cfg(feature = "console")]
pub(crate) mod console;
pub(crate) mod discard;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod limits;
pub(crate) mod logs;
#[cfg(feature = "otlp")]
pub(crate) mod otlp;
pub(crate) mod resource;
#[cfg(feature = "opentelemetry")]
pub(crate) mod sdk;
pub(crate) mod signal;
#[cfg(feature = "opentelemetry")]
mod span_data;

/// Takes kept traces. Driven by the collector thread only.
///
/// An exporter that was given an account settles every record that it was handed exactly once: exported, or dropped
/// for a reason.
pub(crate) trait Exporter: Send {
    /// Takes the spans of one kept trace, or of a part of one. Does not wait for anybody. Says whether they can be found
    /// where it takes them to, as far as it is known now: `false` where it had to drop any.
    fn export(&mut self, spans: &mut dyn Iterator<Item = SpanView<'_>>) -> bool;

    /// Whether it looks at what spans have recorded. Where none does, calls between services need not be spelled out.
    fn reads(&self) -> bool {
        true
    }

    /// Returns once everything handed over before has been delivered or given up.
    ///
    /// # Errors
    ///
    /// What did not arrive.
    fn flush(&mut self, deadline: Instant) -> Result<(), ExportError>;

    /// [`flush`](Self::flush), after which nothing is delivered any more; what is left at the deadline is dropped.
    ///
    /// # Errors
    ///
    /// What did not arrive.
    fn shutdown(&mut self, deadline: Instant) -> Result<(), ExportError>;

    /// Called some times a second, for what is done after a while.
    fn tick(&mut self, now: Instant) {
        let _ = now;
    }

    /// Waits for the signal, for at most this long, while exports under way go on. Returns `false` at once where
    /// there is nothing to drive; the collector then waits by itself.
    fn park(&mut self, timeout: Duration, wake: &signal::Signal) -> bool {
        let _ = (timeout, wake);
        false
    }
}

/// Why a flush or a shutdown did not deliver everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExportError {
    /// The time was up first.
    TimedOut {
        /// Requests that were neither delivered nor given up by then.
        undelivered: u64,
    },
    /// The receiver could not be reached or would not take some of it.
    Failed {
        /// Spans that are lost; 0 where metrics alone failed, which the next push makes good.
        lost: u64,
        /// What went wrong last.
        cause: String,
    },
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { undelivered } => write!(
                f,
                "{undelivered} export requests were not delivered in time"
            ),
            Self::Failed { lost: 0, cause } => write!(f, "metrics were not delivered: {cause}"),
            Self::Failed { lost, cause } => write!(f, "{lost} spans were not delivered: {cause}"),
        }
    }
}

impl std::error::Error for ExportError {}

/// Why an exporter could not be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetupError {
    /// The variable or the method of the builder.
    pub(crate) setting: &'static str,
    /// What it said.
    pub(crate) value: String,
    /// What is wrong with it and what to write instead.
    pub(crate) problem: String,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?}: {}", self.setting, self.value, self.problem)
    }
}

impl std::error::Error for SetupError {}
