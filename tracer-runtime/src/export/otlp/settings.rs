//! What the exporter is told: where to send, how much at a time, how long to try.

use std::time::Duration;

use super::batch::BatchLimits;
use crate::export::limits::Limits;

/// Everything about the export of spans and metrics. A signal without a receiver is not exported.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OtlpSettings {
    pub(crate) traces: Option<ReceiverSettings>,
    pub(crate) metrics: Option<ReceiverSettings>,
    pub(crate) logs: Option<ReceiverSettings>,
    /// How long a log record waits for others.
    pub(crate) log_delay: Duration,
    pub(crate) exceptions: Exceptions,
    pub(crate) batches: BatchSettings,
    pub(crate) limits: Limits,
    /// From one push of metrics to the next.
    pub(crate) metric_interval: Duration,
    /// No attempt at a push starts later than this after the first; `None` is for ever.
    pub(crate) metric_timeout: Option<Duration>,
}

/// Where it is said why a call failed.
///
/// <https://opentelemetry.io/docs/specs/semconv/exceptions/>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Exceptions {
    /// By an event of its span.
    #[default]
    SpanEvents,
    /// By a log record; where logs are not exported, by an event of its span.
    LogRecords,
    Both,
}

impl Exceptions {
    pub(crate) fn are_logged(self) -> bool {
        self != Self::SpanEvents
    }
}

/// One signal's way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceiverSettings {
    pub(crate) endpoint: EndpointSetting,
    pub(crate) headers: Headers,
    /// Of one attempt; `None` is for ever.
    pub(crate) timeout: Option<Duration>,
    pub(crate) compression: Compression,
}

/// A URL and who said it, for the error if it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointSetting {
    pub(crate) setting: &'static str,
    pub(crate) value: String,
}

/// Request headers, often secret: their values are shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) setting: &'static str,
    pub(crate) pairs: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

/// How spans are gathered and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchSettings {
    /// Spans of a request.
    pub(crate) max_spans: usize,
    /// Spans that wait and are on their way; `None`: as many as the byte budget allows.
    pub(crate) max_queued: Option<usize>,
    /// How long a span waits for others.
    pub(crate) delay: Duration,
    /// No attempt at a request starts later than this after the first; `None` is for ever.
    pub(crate) timeout: Option<Duration>,
    /// Requests that are under way at one time.
    pub(crate) in_flight: usize,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            max_spans: BatchLimits::MAX_SPANS,
            max_queued: None,
            delay: Duration::from_secs(5),
            timeout: Some(Duration::from_secs(30)),
            in_flight: 4,
        }
    }
}

impl Default for OtlpSettings {
    fn default() -> Self {
        Self {
            traces: Some(ReceiverSettings::default()),
            metrics: Some(ReceiverSettings::default()),
            logs: Some(ReceiverSettings::default()),
            log_delay: Duration::from_secs(1),
            exceptions: Exceptions::default(),
            batches: BatchSettings::default(),
            limits: Limits::default(),
            metric_interval: Duration::from_secs(60),
            metric_timeout: Some(Duration::from_secs(30)),
        }
    }
}

impl Default for ReceiverSettings {
    fn default() -> Self {
        Self {
            endpoint: EndpointSetting {
                setting: "OTEL_EXPORTER_OTLP_ENDPOINT",
                value: "http://localhost:4317".to_owned(),
            },
            headers: Headers {
                setting: "OTEL_EXPORTER_OTLP_HEADERS",
                pairs: Vec::new(),
            },
            timeout: Some(Duration::from_secs(10)),
            compression: Compression::None,
        }
    }
}

impl OtlpSettings {
    /// Sends all signals to a receiver that was named in code.
    pub(crate) fn send_to(&mut self, setting: &'static str, url: &str) {
        for receiver in [&mut self.traces, &mut self.metrics, &mut self.logs]
            .into_iter()
            .flatten()
        {
            receiver.endpoint = EndpointSetting {
                setting,
                value: url.to_owned(),
            };
        }
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.pairs.iter().map(|(name, _)| name))
            .finish()
    }
}
