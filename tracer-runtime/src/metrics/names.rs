//! Every metric that we publish, once: the name in OpenTelemetry, from which the name in Prometheus follows.
//!
//! <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>

use std::borrow::Cow;

/// What the numbers of a metric do over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows; starts anew with the process.
    Counter,
    /// A sum that also falls.
    UpDownCounter,
    /// A value at a moment, not to be summed.
    Gauge,
    /// A distribution.
    Histogram,
    /// Always 1; the labels say it.
    Info,
}

/// What is published under one name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    /// In OpenTelemetry.
    pub(crate) name: &'static str,
    /// As UCUM writes it.
    pub(crate) unit: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    /// Where Prometheus has known the metric by another name for longer.
    classic_name: Option<&'static str>,
    /// A counter that Prometheus has known without `_total` for longer.
    bare: bool,
}

const fn metric(name: &'static str, unit: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric {
        name,
        unit,
        kind,
        help,
        classic_name: None,
        bare: false,
    }
}

impl Metric {
    const fn known_as(mut self, classic_name: &'static str) -> Self {
        self.classic_name = Some(classic_name);
        self
    }

    const fn without_total(mut self) -> Self {
        self.bare = true;
        self
    }

    /// A counter whose samples do not end in `_total`: to OpenMetrics it is none.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare
    }

    /// The name of the family in OpenMetrics: with the unit, without the suffix that counters and infos have.
    pub(crate) fn family_name(&self) -> Cow<'static, str> {
        if let Some(name) = self.classic_name {
            return Cow::Borrowed(name);
        }
        let name = label_name(self.name.trim_end_matches("_total"));
        match self.unit_word() {
            Some(word) if !name.ends_with(word) => Cow::Owned(format!("{name}_{word}")),
            _ => Cow::Owned(name),
        }
    }

    /// The unit as a word, where it is part of the name.
    pub(crate) fn unit_word(&self) -> Option<&'static str> {
        match self.unit {
            "s" => Some("seconds"),
            "ms" => Some("milliseconds"),
            "By" => Some("bytes"),
            _ => None,
        }
    }

    /// What the names of the samples have behind the name of the family.
    pub(crate) fn sample_suffix(&self) -> &'static str {
        match self.kind {
            Kind::Counter if self.bare => "",
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::UpDownCounter | Kind::Gauge | Kind::Histogram => "",
        }
    }
}

/// The name of one of our attributes or metrics in Prometheus.
pub(super) fn label_name(name: &str) -> String {
    name.replace('.', "_")
}

macro_rules! metrics {
    ($($constant:ident = $metric:expr;)*) => {
        $(pub(crate) const $constant: &Metric = &$metric;)*

        #[cfg(test)]
        const ALL: &[&Metric] = &[$($constant),*];
    };
}

metrics! {
    FUNCTION_CALLS = metric("function.calls", "{call}", Kind::Counter,
        "Calls that have ended, by outcome: ok, error, panic or cancelled.");
    FUNCTION_DURATION = metric("function.calls.duration", "s", Kind::Histogram,
        "How long calls took from start to end, whatever their outcome.");
    FUNCTION_IN_FLIGHT = metric("function.calls.in_flight", "{call}", Kind::UpDownCounter,
        "Calls that have begun and not ended.");

    RECORDS = metric("tracer.records", "{record}", Kind::Counter,
        "Span records whose fate is known: exported, discarded with their trace, or dropped.");
    RECORDS_DROPPED = metric("tracer.records.dropped", "{record}", Kind::Counter,
        "Span records that were lost, by reason.");
    TRACES_KEPT = metric("tracer.traces.kept", "{trace}", Kind::Counter,
        "Traces, or parts of one, that were handed to the exporters.");
    ORPHANED_FUTURES = metric("tracer.futures.orphaned", "{future}", Kind::Counter,
        "Futures of a trace that went on away from it and recorded on their own.");
    HEALED_FRAGMENTS = metric("tracer.fragments.healed", "{fragment}", Kind::Counter,
        "Parts of a trace that leaked guards had left open.");
    LATE_TASKS = metric("tracer.tasks.late", "{task}", Kind::Counter,
        "Failed or slow tasks that ended after their trace had been discarded.");
    QUEUE_LENGTH = metric("tracer.queue.length", "{trace}", Kind::UpDownCounter,
        "Kept traces, or parts of one, that wait for the collector thread.");
    QUEUE_SIZE = metric("tracer.queue.size", "By", Kind::UpDownCounter,
        "Bytes of the kept traces that wait for the collector thread.");
    MEMORY_USAGE = metric("tracer.memory.usage", "By", Kind::UpDownCounter,
        "Bytes that records hold, all threads and queues together.");
    MEMORY_LIMIT = metric("tracer.memory.limit", "By", Kind::UpDownCounter,
        "Bytes that records may hold.");
    PROPAGATION_ERRORS = metric("tracer.propagation.errors", "{error}", Kind::Counter,
        "Headers, or members of one, that were left out when context was read or written, by format and reason.");
    TRACING_ERRORS = metric("tracer.tracing.errors", "{error}", Kind::Counter,
        "What came from crates that use `tracing` and could not be placed, by reason.");
    BUILD = metric("tracer.build", "", Kind::Info,
        "Which tracer-runtime this process was built with.");
    TARGET = metric("target", "", Kind::Info,
        "The resource that the metrics are about.");

    RPC_SERVER_DURATION = metric("rpc.server.call.duration", "s", Kind::Histogram,
        "How long calls took that were served here, whatever became of them.");
    RPC_CLIENT_DURATION = metric("rpc.client.call.duration", "s", Kind::Histogram,
        "How long calls took that were made from here, whatever became of them.");
    OLD_RPC_SERVER_DURATION = metric("rpc.server.duration", "ms", Kind::Histogram,
        "How long calls took that were served here, by an older name and in milliseconds.");
    OLD_RPC_CLIENT_DURATION = metric("rpc.client.duration", "ms", Kind::Histogram,
        "How long calls took that were made from here, by an older name and in milliseconds.");
    RPC_SERVER_ACTIVE = metric("tracer.rpc.server.active_calls", "{call}", Kind::UpDownCounter,
        "Calls that are being served here.");
    RPC_CLIENT_ACTIVE = metric("tracer.rpc.client.active_calls", "{call}", Kind::UpDownCounter,
        "Calls that were made from here and are not over.");
    RPC_SERVER_SENT_MESSAGES = metric("tracer.rpc.server.sent.messages", "{message}", Kind::Counter,
        "Messages that calls have sent which were served here.");
    RPC_SERVER_SENT_BYTES = metric("tracer.rpc.server.sent.bytes", "By", Kind::Counter,
        "Bytes of payload that calls have sent which were served here.");
    RPC_SERVER_RECEIVED_MESSAGES = metric("tracer.rpc.server.received.messages", "{message}", Kind::Counter,
        "Messages that calls have received which were served here.");
    RPC_SERVER_RECEIVED_BYTES = metric("tracer.rpc.server.received.bytes", "By", Kind::Counter,
        "Bytes of payload that calls have received which were served here.");
    RPC_CLIENT_SENT_MESSAGES = metric("tracer.rpc.client.sent.messages", "{message}", Kind::Counter,
        "Messages that calls have sent which were made from here.");
    RPC_CLIENT_SENT_BYTES = metric("tracer.rpc.client.sent.bytes", "By", Kind::Counter,
        "Bytes of payload that calls have sent which were made from here.");
    RPC_CLIENT_RECEIVED_MESSAGES = metric("tracer.rpc.client.received.messages", "{message}", Kind::Counter,
        "Messages that calls have received which were made from here.");
    RPC_CLIENT_RECEIVED_BYTES = metric("tracer.rpc.client.received.bytes", "By", Kind::Counter,
        "Bytes of payload that calls have received which were made from here.");
    HTTP_SERVER_DURATION = metric("http.server.request.duration", "s", Kind::Histogram,
        "How long HTTP requests took that were served here.");
    HTTP_CLIENT_DURATION = metric("http.client.request.duration", "s", Kind::Histogram,
        "How long HTTP requests took that were made from here.");
    HTTP_SERVER_ACTIVE = metric("http.server.active_requests", "{request}", Kind::UpDownCounter,
        "HTTP requests that are being served here.");
    HTTP_CLIENT_ACTIVE = metric("http.client.active_requests", "{request}", Kind::UpDownCounter,
        "HTTP requests that were made from here and are not over.");
    HTTP_SERVER_REQUEST_SIZE = metric("http.server.request.body.size", "By", Kind::Histogram,
        "Bytes of the bodies of HTTP requests that were served here.");
    HTTP_SERVER_RESPONSE_SIZE = metric("http.server.response.body.size", "By", Kind::Histogram,
        "Bytes of the bodies of answers to HTTP requests that were served here.");
    HTTP_CLIENT_REQUEST_SIZE = metric("http.client.request.body.size", "By", Kind::Histogram,
        "Bytes of the bodies of HTTP requests that were made from here.");
    HTTP_CLIENT_RESPONSE_SIZE = metric("http.client.response.body.size", "By", Kind::Histogram,
        "Bytes of the bodies of answers to HTTP requests that were made from here.");

    CALLBACK_PANICS = metric("tracer.callback.panics", "{panic}", Kind::Counter,
        "Callbacks of a tracer that panicked; the calls went on without them.");
    CALLBACK_DURATION = metric("tracer.callback.duration", "s", Kind::Histogram,
        "How long the callbacks of a tracer took, which the calls have paid for.");

    KITEX_SERVER_THROUGHPUT = metric("kitex_server_throughput", "", Kind::Counter,
        "Calls that the server has completed, whether they succeeded or not.")
        .without_total();
    KITEX_SERVER_LATENCY = metric("kitex_server_latency_us", "us", Kind::Histogram,
        "Microseconds from the start of a call to its end, as the server sees it.");
    KITEX_CLIENT_THROUGHPUT = metric("kitex_client_throughput", "", Kind::Counter,
        "Calls that the client has completed, whether they succeeded or not.")
        .without_total();
    KITEX_CLIENT_LATENCY = metric("kitex_client_latency_us", "us", Kind::Histogram,
        "Microseconds from the start of a call to its end, as the client sees it.");
    KRATOS_SERVER_REQUESTS = metric("server_requests_code_total", "{call}", Kind::Counter,
        "Requests that the server has answered, by code and reason.");
    KRATOS_SERVER_SECONDS = metric("server_requests_seconds", "s", Kind::Histogram,
        "How long requests took, as the server sees it.");
    KRATOS_CLIENT_REQUESTS = metric("client_requests_code_total", "{call}", Kind::Counter,
        "Requests that the client has made, by code and reason.");
    KRATOS_CLIENT_SECONDS = metric("client_requests_seconds", "s", Kind::Histogram,
        "How long requests took, as the client sees it.");

    CPU_TIME = metric("process.cpu.time", "s", Kind::Counter,
        "Processor time of the process, in user mode and in the kernel.")
        .known_as("process_cpu_seconds");
    MEMORY_RESIDENT = metric("process.memory.usage", "By", Kind::UpDownCounter,
        "Physical memory of the process.")
        .known_as("process_resident_memory_bytes");
    MEMORY_VIRTUAL = metric("process.memory.virtual", "By", Kind::UpDownCounter,
        "Address space of the process.")
        .known_as("process_virtual_memory_bytes");
    THREADS = metric("process.thread.count", "{thread}", Kind::UpDownCounter,
        "Threads of the process.")
        .known_as("process_threads");
    OPEN_FDS = metric("process.unix.file_descriptor.count", "{file_descriptor}", Kind::UpDownCounter,
        "File descriptors that the process has open.")
        .known_as("process_open_fds");
    MAX_FDS = metric("process.unix.file_descriptor.limit", "{file_descriptor}", Kind::UpDownCounter,
        "File descriptors that the process may have open.")
        .known_as("process_max_fds");
    START_TIME = metric("process.start_time", "s", Kind::Gauge,
        "When the process started, in seconds since the epoch.");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample_name(metric: &Metric) -> String {
        format!("{}{}", metric.family_name(), metric.sample_suffix())
    }

    #[test]
    fn prometheus_names_follow_from_the_opentelemetry_names() {
        assert_eq!(sample_name(FUNCTION_CALLS), "function_calls_total");
        assert_eq!(
            sample_name(FUNCTION_DURATION),
            "function_calls_duration_seconds"
        );
        assert_eq!(sample_name(FUNCTION_IN_FLIGHT), "function_calls_in_flight");
        assert_eq!(sample_name(RECORDS), "tracer_records_total");
        assert_eq!(sample_name(RECORDS_DROPPED), "tracer_records_dropped_total");
        assert_eq!(sample_name(QUEUE_SIZE), "tracer_queue_size_bytes");
        assert_eq!(sample_name(CPU_TIME), "process_cpu_seconds_total");
        assert_eq!(sample_name(START_TIME), "process_start_time_seconds");
        assert_eq!(sample_name(TARGET), "target_info");
        assert_eq!(sample_name(BUILD), "tracer_build_info");
        assert_eq!(
            sample_name(RPC_SERVER_DURATION),
            "rpc_server_call_duration_seconds"
        );
        assert_eq!(
            sample_name(OLD_RPC_CLIENT_DURATION),
            "rpc_client_duration_milliseconds"
        );
        assert_eq!(
            sample_name(RPC_SERVER_SENT_BYTES),
            "tracer_rpc_server_sent_bytes_total"
        );
        assert_eq!(
            sample_name(HTTP_SERVER_ACTIVE),
            "http_server_active_requests"
        );
        assert_eq!(
            sample_name(HTTP_CLIENT_RESPONSE_SIZE),
            "http_client_response_body_size_bytes"
        );
        assert_eq!(
            sample_name(KITEX_SERVER_THROUGHPUT),
            "kitex_server_throughput"
        );
        assert_eq!(
            sample_name(KRATOS_SERVER_REQUESTS),
            "server_requests_code_total"
        );
    }

    #[test]
    fn every_name_is_valid_ends_in_its_unit_and_is_there_once() {
        let mut names: Vec<_> = ALL.iter().map(|m| m.family_name()).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for metric in ALL {
            let name = metric.family_name();
            let valid = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(valid), "{name}");
            assert!(
                metric.unit_word().is_none_or(|unit| name.ends_with(unit)),
                "{name}"
            );
            assert!(!name.ends_with("_total") && !name.contains("__"), "{name}");
            assert!(metric.help.ends_with('.'), "{name}");
        }
    }
}
