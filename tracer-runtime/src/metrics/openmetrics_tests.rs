use super::*;
use crate::id::{SpanId, TraceId};
use crate::metrics::names;
use crate::metrics::snapshot::{FunctionSeries, Snapshot};

fn text(format: Format) -> String {
    let mut exemplars = Exemplars::new();
    for (seconds, unix_ns) in [(0.48, 1_520_879_607_789_999_999), (1_000.25, 1_000_000_000)] {
        let exemplar = Exemplar {
            trace: TraceId([0x4bf9_2f35_77b3_4da6, 0xa3ce_929d_0e0e_4736]),
            span: SpanId(0x00f0_67aa_0ba9_02b7),
            value: seconds,
            unix_ns,
            ticks: 1,
        };
        exemplars.put(classic::bucket(seconds), exemplar);
    }
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
                exemplars,
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

const IDS: &str = r#"{trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"}"#;
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
        format!(r#"function_calls_duration_seconds_bucket{SERIES},le="9.5367431640625e-7"}} 1"#),
        format!(r#"function_calls_duration_seconds_bucket{SERIES},le="0.25"}} 1"#),
        format!(
            r#"function_calls_duration_seconds_bucket{SERIES},le="0.5"}} 4 # {IDS} 0.48 1520879607.789"#
        ),
        format!(r#"function_calls_duration_seconds_bucket{SERIES},le="1.0"}} 5"#),
        format!(
            r#"function_calls_duration_seconds_bucket{SERIES},le="+Inf"}} 5 # {IDS} 1000.25 1.000"#
        ),
        format!("function_calls_duration_seconds_count{SERIES}}} 5"),
        format!("function_calls_duration_seconds_sum{SERIES}}} 0.75"),
        format!("function_calls_in_flight{SERIES}}} 2"),
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
    }
    assert_eq!(text.matches(" # {").count(), 2, "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn an_exemplar_has_fewer_characters_of_labels_than_are_allowed() {
    let labels = IDS.replace(['{', '}', '=', '"', ','], "");
    assert_eq!(labels.chars().count(), 63);
    assert!(labels.len() <= 128);
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
    assert!(!text.contains(" # {"), "{text}");
}
