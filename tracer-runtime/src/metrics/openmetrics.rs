//! The metrics as text: OpenMetrics 1.0, and the older format of Prometheus.
//!
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write as _;

use super::classic;
use super::explicit::Explicit;
use super::family::{Family, Point, PointValue, families};
use super::names::{Kind, Metric, label_name};
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
        match &point.value {
            PointValue::Integer(value) => {
                self.series(name, point, None);
                self.integer(*value);
            }
            PointValue::Float(value) => {
                self.series(name, point, None);
                self.float(*value);
            }
            PointValue::Histogram(durations) => self.exponential(name, point, durations),
            PointValue::Explicit(values) => self.explicit(name, point, values),
        }
    }

    fn exponential(&mut self, name: &str, point: &Point<'_>, durations: &Exponential) {
        let bounds = classic::cumulative(durations).map(|(bound, n)| (decimal(bound), n));
        self.histogram(name, point, bounds, durations.count(), durations.sum);
    }

    fn explicit(&mut self, name: &str, point: &Point<'_>, values: &Explicit) {
        let bound = match self.format {
            Format::OpenMetrics => decimal,
            // Other languages' libraries have the same bounds, and before Prometheus 3 they are the same as text only.
            Format::Prometheus => shortest,
        };
        let bounds = values.cumulative().map(|(end, n)| (bound(end), n));
        self.histogram(name, point, bounds, values.count(), values.sum);
    }

    fn histogram(
        &mut self,
        name: &str,
        point: &Point<'_>,
        cumulative: impl Iterator<Item = (String, u64)>,
        count: u64,
        sum: f64,
    ) {
        let bucket = format!("{name}_bucket");
        for (bound, count) in cumulative.chain([("+Inf".to_owned(), count)]) {
            self.series(&bucket, point, Some(&bound));
            self.integer(count);
        }
        self.series(&format!("{name}_count"), point, None);
        self.integer(count);
        self.series(&format!("{name}_sum"), point, None);
        self.float(sum);
    }

    /// A name with labels; `bound` is the upper bound of a bucket.
    fn series(&mut self, name: &str, point: &Point<'_>, bound: Option<&str>) {
        self.out.push_str(name);
        let mut separator = '{';
        for (key, value) in &point.labels {
            self.out.push(separator);
            self.out.extend([&label_name(key), "=\""]);
            self.escaped(&value.as_text());
            self.out.push('"');
            separator = ',';
        }
        if let Some(bound) = bound {
            self.out.push(separator);
            self.out.extend(["le=\"", bound, "\""]);
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
        let _ = writeln!(self.out, "{value:?}");
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

/// As short as it can be without another number being meant, and always with a point or an exponent.
fn decimal(value: f64) -> String {
    format!("{value:?}")
}

/// The shortest text, `5000` and `1e+06`: as Go writes it, and with it most of what Prometheus reads.
fn shortest(value: f64) -> String {
    let scientific = format!("{value:e}");
    let parts = scientific.split_once('e');
    let parts = parts.and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)));
    match parts {
        Some((digits, exponent)) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{value}"),
    }
}

fn open_type(metric: &Metric) -> &'static str {
    match metric.kind {
        // Its samples lack the suffix that those of a counter must have.
        Kind::Counter if metric.is_bare() => "unknown",
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

    #[test]
    fn bounds_are_written_as_go_writes_them() {
        for (value, text) in [
            (5_000.0, "5000"),
            (1e6, "1e+06"),
            (0.005, "0.005"),
            (2.5, "2.5"),
            (1_234_567.0, "1.234567e+06"),
            (0.000_05, "5e-05"),
            (0.0, "0"),
        ] {
            assert_eq!(shortest(value), text);
        }
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
