//! The metrics as text: OpenMetrics 1.0, and the older format of Prometheus.
//!
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write as _;

use super::classic;
use super::family::{Family, Point, PointValue, families};
use super::names::{Kind, Metric};
use super::snapshot::{Exponential, snapshot};

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// OpenMetrics 1.0.0.
    OpenMetrics,
    /// Prometheus 0.0.4.
    #[cfg_attr(
        not(feature = "prometheus"),
        allow(dead_code, reason = "only the server asks for it")
    )]
    Prometheus,
}

/// The metrics of this process as OpenMetrics text: what every annotated function did so far, what the recorder did
/// with its spans, and what the process uses.
///
/// This is what `with_prometheus` serves; use it to serve the text from a server of your own, with the content type
/// `application/openmetrics-text; version=1.0.0; charset=utf-8`. Durations are in seconds.
///
/// # Examples
///
/// ```
/// let text = tracer_runtime::metrics::encode();
/// assert!(text.contains("# TYPE tracer_records counter\n"));
/// assert!(text.ends_with("# EOF\n"));
/// ```
#[must_use]
pub fn encode() -> String {
    render(Format::OpenMetrics)
}

/// Reads the metrics and writes them in a format.
pub(crate) fn render(format: Format) -> String {
    let snapshot = snapshot();
    write(&families(&snapshot), format)
}

fn write(families: &[Family<'_>], format: Format) -> String {
    let mut text = Text {
        out: String::new(),
        format,
    };
    for family in families {
        text.family(family);
    }
    if format == Format::OpenMetrics {
        text.out.push_str("# EOF\n");
    }
    text.out
}

struct Text {
    out: String,
    format: Format,
}

impl Text {
    fn family(&mut self, family: &Family<'_>) {
        let metric = family.metric;
        let name = metric.family_name();
        let sample = format!("{name}{}", metric.sample_suffix());
        match self.format {
            Format::OpenMetrics => {
                self.comment("TYPE", &name, open_type(metric));
                if let Some(unit) = metric.unit_word() {
                    self.comment("UNIT", &name, unit);
                }
                self.comment("HELP", &name, metric.help);
            }
            // The older format knows no family: it describes the samples.
            Format::Prometheus => {
                self.comment("HELP", &sample, metric.help);
                self.comment("TYPE", &sample, old_type(metric));
            }
        }
        for point in &family.points {
            self.point(&sample, point);
        }
    }

    fn comment(&mut self, keyword: &str, name: &str, text: &str) {
        self.out.extend(["# ", keyword, " ", name, " "]);
        self.escaped(text);
        self.out.push('\n');
    }

    fn point(&mut self, name: &str, point: &Point<'_>) {
        match point.value {
            PointValue::Integer(value) => {
                self.series(name, point, None);
                self.integer(value);
            }
            PointValue::Float(value) => {
                self.series(name, point, None);
                self.float(value);
            }
            PointValue::Histogram(durations) => self.histogram(name, point, durations),
        }
    }

    fn histogram(&mut self, name: &str, point: &Point<'_>, durations: &Exponential) {
        let count = durations.count();
        let bucket = format!("{name}_bucket");
        let all = (f64::INFINITY, count);
        for (bound, count) in classic::cumulative(durations).chain([all]) {
            self.series(&bucket, point, Some(bound));
            self.integer(count);
        }
        self.series(&format!("{name}_count"), point, None);
        self.integer(count);
        self.series(&format!("{name}_sum"), point, None);
        self.float(durations.sum);
    }

    /// A name with labels; `bound` is the upper bound of a bucket.
    fn series(&mut self, name: &str, point: &Point<'_>, bound: Option<f64>) {
        self.out.push_str(name);
        let mut separator = '{';
        for (key, value) in &point.labels {
            self.out.push(separator);
            self.out.extend([key, "=\""]);
            self.escaped(value);
            self.out.push('"');
            separator = ',';
        }
        if let Some(bound) = bound {
            self.out.push(separator);
            self.out.push_str("le=\"");
            self.number(bound);
            self.out.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.out.push('}');
        }
        self.out.push(' ');
    }

    fn integer(&mut self, value: u64) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{value}");
    }

    fn float(&mut self, value: f64) {
        self.number(value);
        self.out.push('\n');
    }

    /// As short as it can be without another number being meant, and always with a point or an exponent.
    fn number(&mut self, value: f64) {
        if value == f64::INFINITY {
            self.out.push_str("+Inf");
        } else {
            let _ = write!(self.out, "{value:?}");
        }
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '"' => self.out.push_str("\\\""),
                _ => self.out.push(c),
            }
        }
    }
}

fn open_type(metric: &Metric) -> &'static str {
    match metric.kind {
        Kind::Info => "info",
        _ => old_type(metric),
    }
}

fn old_type(metric: &Metric) -> &'static str {
    match metric.kind {
        Kind::Counter => "counter",
        Kind::UpDownCounter | Kind::Gauge | Kind::Info => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::names;
    use crate::metrics::snapshot::{FunctionSeries, Snapshot};

    fn text(format: Format) -> String {
        let snapshot = Snapshot {
            functions: vec![FunctionSeries {
                function: "a\"b\\c\nd",
                module: "shop",
                outcomes: [3, 1, 0, 1],
                in_flight: 2,
                durations: Exponential {
                    sum: 0.75,
                    zero_count: 1,
                    offset: -9,
                    counts: vec![3, 1],
                },
            }],
            ..Snapshot::default()
        };
        let mut families = families(&snapshot);
        let shown = [
            names::FUNCTION_CALLS,
            names::FUNCTION_DURATION,
            names::FUNCTION_IN_FLIGHT,
            names::BUILD,
        ];
        families.retain(|family| shown.contains(&family.metric));
        write(&families, format).replace(env!("CARGO_PKG_VERSION"), "1.2.3")
    }

    const SERIES: &str = r#"{function="a\"b\\c\nd",module="shop""#;

    #[test]
    fn openmetrics_has_families_units_and_an_end() {
        let expected = r#"# TYPE tracer_build info
# HELP tracer_build Which tracer-runtime this process was built with.
tracer_build_info{version="1.2.3",profile="PROFILE"} 1
# TYPE function_calls counter
# HELP function_calls Calls that have ended, by outcome: ok, error, panic or cancelled.
function_calls_totalSERIES,outcome="ok"} 3
function_calls_totalSERIES,outcome="error"} 1
function_calls_totalSERIES,outcome="panic"} 0
function_calls_totalSERIES,outcome="cancelled"} 1
# TYPE function_calls_duration_seconds histogram
# UNIT function_calls_duration_seconds seconds
# HELP function_calls_duration_seconds How long calls took from start to end, whatever their outcome.
"#;
        let profile = if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        };
        let expected = expected
            .replace("SERIES", SERIES)
            .replace("PROFILE", profile);
        let text = text(Format::OpenMetrics);
        assert!(text.starts_with(&expected), "{text}");
        for line in [
            format!(
                r#"function_calls_duration_seconds_bucket{SERIES},le="9.5367431640625e-7"}} 1"#
            ),
            format!(r#"function_calls_duration_seconds_bucket{SERIES},le="0.25"}} 1"#),
            format!(r#"function_calls_duration_seconds_bucket{SERIES},le="0.5"}} 4"#),
            format!(r#"function_calls_duration_seconds_bucket{SERIES},le="1.0"}} 5"#),
            format!(r#"function_calls_duration_seconds_bucket{SERIES},le="+Inf"}} 5"#),
            format!("function_calls_duration_seconds_count{SERIES}}} 5"),
            format!("function_calls_duration_seconds_sum{SERIES}}} 0.75"),
            format!("function_calls_in_flight{SERIES}}} 2"),
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn the_older_format_describes_samples_and_has_no_end() {
        let text = text(Format::Prometheus);
        for line in [
            "# TYPE tracer_build_info gauge",
            "# TYPE function_calls_total counter",
            "# HELP function_calls_total Calls that have ended, by outcome: ok, error, panic or cancelled.",
            "# TYPE function_calls_duration_seconds histogram",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(
            !text.contains("# UNIT") && !text.contains("# EOF"),
            "{text}"
        );
    }
}
