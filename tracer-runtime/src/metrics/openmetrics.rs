//! The metrics as text: OpenMetrics 1.0, and the older format of Prometheus.
//!
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write as _;

use super::classic;
use super::exemplars::{Exemplar, Exemplars};
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
/// Behind the buckets of durations stand exemplars: the trace and the span of the newest call in the bucket whose trace
/// was kept and taken by an exporter, how long it took, and when it ended. `OTEL_METRICS_EXEMPLAR_FILTER=always_off`
/// leaves them out, `trace_based` is the default, and `always_on` is the same: a trace that was not kept is not named.
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
        let count = durations.count();
        self.histogram(
            name,
            point,
            bounds,
            count,
            durations.sum,
            &durations.exemplars,
        );
    }

    fn explicit(&mut self, name: &str, point: &Point<'_>, values: &Explicit) {
        let bound = match self.format {
            Format::OpenMetrics => decimal,
            // Other languages' libraries have the same bounds, and before Prometheus 3 they are the same as text only.
            Format::Prometheus => shortest,
        };
        let bounds = values.cumulative().map(|(end, n)| (bound(end), n));
        let count = values.count();
        self.histogram(name, point, bounds, count, values.sum, &values.exemplars);
    }

    fn histogram(
        &mut self,
        name: &str,
        point: &Point<'_>,
        cumulative: impl Iterator<Item = (String, u64)>,
        count: u64,
        sum: f64,
        exemplars: &Exemplars,
    ) {
        let bucket = format!("{name}_bucket");
        let buckets = cumulative.chain([("+Inf".to_owned(), count)]);
        for (number, (bound, count)) in buckets.enumerate() {
            self.series(&bucket, point, Some(&bound));
            let _ = write!(self.out, "{count}");
            // The older format knows none.
            if self.format == Format::OpenMetrics
                && let Some(exemplar) = exemplars.of(number)
            {
                self.exemplar(exemplar);
            }
            self.out.push('\n');
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

    /// Behind a value: 63 characters of names and values, of 128 that are allowed.
    fn exemplar(&mut self, exemplar: &Exemplar) {
        let Exemplar { trace, span, .. } = exemplar;
        let (seconds, millis) = (
            exemplar.unix_ns / 1_000_000_000,
            exemplar.unix_ns / 1_000_000 % 1_000,
        );
        let _ = write!(
            self.out,
            " # {{trace_id=\"{trace}\",span_id=\"{span}\"}} {:?} {seconds}.{millis:03}",
            exemplar.value
        );
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
#[path = "openmetrics_tests.rs"]
mod tests;
