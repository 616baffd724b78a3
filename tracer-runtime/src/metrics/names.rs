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
}

const fn metric(name: &'static str, unit: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric {
        name,
        unit,
        kind,
        help,
        classic_name: None,
    }
}

impl Metric {
    const fn known_as(mut self, classic_name: &'static str) -> Self {
        self.classic_name = Some(classic_name);
        self
    }

    /// The name of the family in OpenMetrics: with the unit, without the suffix that counters and infos have.
    pub(crate) fn family_name(&self) -> Cow<'static, str> {
        if let Some(name) = self.classic_name {
            return Cow::Borrowed(name);
        }
        let name = self.name.replace('.', "_");
        match self.unit_word() {
            Some(word) if !name.ends_with(word) => Cow::Owned(format!("{name}_{word}")),
            _ => Cow::Owned(name),
        }
    }

    /// The unit as a word, where it is part of the name.
    pub(crate) fn unit_word(&self) -> Option<&'static str> {
        match self.unit {
            "s" => Some("seconds"),
            "By" => Some("bytes"),
            _ => None,
        }
    }

    /// What the names of the samples have behind the name of the family.
    pub(crate) fn sample_suffix(&self) -> &'static str {
        match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::UpDownCounter | Kind::Gauge | Kind::Histogram => "",
        }
    }
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
    BUILD = metric("tracer.build", "", Kind::Info,
        "Which tracer-runtime this process was built with.");
    TARGET = metric("target", "", Kind::Info,
        "The resource that the metrics are about.");

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
