//! Bad input at the start: a warning or an error that names it, and never a panic.
#![cfg(all(target_os = "linux", feature = "full"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use support::{calls, run_child, settled, stderr_of};
use tracer_runtime::{InitError, builder, traced};

const SECOND: Duration = Duration::from_secs(1);

/// In a `static`, say.
const fn may_be_shared<T: Send + Sync>() {}
const _: () = may_be_shared::<tracer_runtime::Telemetry>();

#[traced]
fn call() {}

#[test]
fn child() {
    match std::env::var(support::CHILD).as_deref() {
        Ok("starts") => starts(),
        Ok("starts twice") => starts_twice(),
        Ok("fails first") => fails_first(),
        Ok("from the environment") => from_the_environment(),
        Ok("disabled") => disabled(),
        Ok("filtered") => filtered(""),
        Ok("filtered by code") => filtered("startup"),
        Ok("for ever") => for_ever(),
        _ => {}
    }
}

fn starts() {
    let telemetry = builder().with_discarding_exporter().init().unwrap();
    call();
    telemetry.flush(SECOND).unwrap();
    assert_eq!((calls(), settled()), (1, 1));
}

/// The warnings of a process with these variables.
fn warnings(variables: &[(&str, &str)]) -> Vec<String> {
    let output = run_child("starts")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = stderr_of(&output);
    let warnings = text.lines().filter(|line| line.starts_with("tracer: "));
    warnings.map(str::to_owned).collect()
}

#[test]
fn a_wrong_value_is_warned_about_once_and_the_default_is_used() {
    for (variable, value, expected) in [
        (
            "OTEL_TRACES_SAMPLER",
            "sometimes",
            "expected always_on, always_off or traceidratio",
        ),
        (
            "OTEL_BSP_SCHEDULE_DELAY",
            "-5",
            "expected milliseconds as a whole number",
        ),
        (
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
            "0",
            "expected a whole number from 1",
        ),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1h", "expected milliseconds"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "not a url",
            "expected a URL such as http://localhost:4317",
        ),
        (
            "OTEL_EXPORTER_OTLP_COMPRESSION",
            "zip",
            "expected gzip or none",
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "expected grpc"),
        (
            "OTEL_EXPORTER_OTLP_TIMEOUT",
            "soon",
            "expected milliseconds",
        ),
        (
            "OTEL_EXPORTER_PROMETHEUS_PORT",
            "99999",
            "expected a port from 0 to 65535",
        ),
        (
            "OTEL_TRACES_EXPORTER",
            "carrier pigeon",
            "expected one of otlp, console, none",
        ),
        (
            "OTEL_METRICS_EXPORTER",
            "carrier pigeon",
            "expected one of otlp, prometheus, none",
        ),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "a=%GG",
            "expected key=value,key=value",
        ),
        ("OTEL_SDK_DISABLED", "yes", "expected true or false"),
        (
            "TRACER_FILTER",
            "info,shop::db=loud",
            "\"loud\" is no level: expected off, error, warn, info, debug or trace",
        ),
        (
            "OTEL_SPAN_EVENT_COUNT_LIMIT",
            "many",
            "expected a whole number from 0",
        ),
    ] {
        let warnings = warnings(&[(variable, value)]);
        let [warning] = warnings.as_slice() else {
            panic!("{variable}: {warnings:?}");
        };
        assert!(
            warning.starts_with(&format!("tracer: {variable}={value:?}: ")),
            "{warning}"
        );
        assert!(warning.contains(expected), "{warning}");
    }
}

/// Starts with this filter and says how many calls and records there were of one call.
fn filtered(by_code: &str) {
    let builder = match by_code {
        "" => builder(),
        filter => builder().with_filter(filter),
    };
    let telemetry = builder.with_discarding_exporter().init().unwrap();
    call();
    telemetry.flush(SECOND).unwrap();
    eprintln!("{} calls, {} records", calls(), settled());
}

#[test]
fn a_filter_comes_from_the_environment_where_the_code_has_none() {
    for (which, filter, expected) in [
        ("filtered", "startup=off", "1 calls, 0 records"),
        ("filtered", "off/metrics=off", "0 calls, 0 records"),
        ("filtered", " startup = debug , ", "1 calls, 1 records"),
        ("filtered", "off,loud=loud", "1 calls, 1 records"),
        ("filtered", "", "1 calls, 1 records"),
        ("filtered by code", "off", "1 calls, 1 records"),
    ] {
        let mut command = run_child(which);
        let text = stderr_of(&command.env("TRACER_FILTER", filter).output().unwrap());
        assert!(text.contains(expected), "{which} {filter:?}: {text}");
    }
}

#[test]
fn a_wrong_ratio_names_the_variable_it_is_in() {
    let warnings = warnings(&[
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
    ]);
    assert_eq!(
        warnings,
        ["tracer: OTEL_TRACES_SAMPLER_ARG=\"1.5\": expected a number from 0 to 1; 1 is used"]
    );
}

#[test]
fn a_secret_is_not_shown_in_a_warning() {
    let warnings = warnings(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=%ZZsecret")]);
    assert!(
        warnings[0].contains("authorization") && !warnings[0].contains("secret"),
        "{warnings:?}"
    );
}

#[test]
fn a_value_that_is_no_text_is_warned_about_too() {
    let mut command = run_child("starts");
    command.env(
        "OTEL_TRACES_SAMPLER",
        OsString::from_vec(b"always\xff".to_vec()),
    );
    let text = stderr_of(&command.output().unwrap());
    assert!(text.contains("tracer: OTEL_TRACES_SAMPLER="), "{text}");
}

#[test]
fn a_warning_that_nobody_can_read_harms_nobody() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = run_child("starts");
    command
        .env("OTEL_TRACES_SAMPLER", "sometimes")
        .stderr(writer);
    assert!(command.status().unwrap().success());
}

#[test]
fn a_second_start_is_an_error() {
    stderr_of(&run_child("starts twice").output().unwrap());
}

fn starts_twice() {
    let telemetry = builder().with_discarding_exporter().init().unwrap();
    let second = builder()
        .with_sampler(tracer_runtime::Sampler::always_off())
        .init();
    assert!(
        matches!(second, Err(InitError::AlreadyInitialised)),
        "{second:?}"
    );
    // The first goes on as it was.
    call();
    telemetry.flush(SECOND).unwrap();
    assert_eq!(
        support::metric("tracer_records_total{fate=\"exported\"}"),
        1
    );
    telemetry.shutdown(SECOND).unwrap();
    assert!(matches!(
        tracer_runtime::init(),
        Err(InitError::AlreadyInitialised)
    ));
}

#[test]
fn a_start_that_fails_names_the_reason_and_leaves_nothing_behind() {
    stderr_of(&run_child("fails first").output().unwrap());
}

fn fails_first() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failed = |builder: tracer_runtime::Builder| builder.init().unwrap_err().to_string();
    let error = failed(builder().with_prometheus(&address).with_otlp());
    assert!(
        error.contains("with_prometheus") && error.contains(&address) && error.contains("in use"),
        "{error}"
    );
    let error = failed(builder().with_prometheus("nonsense"));
    assert!(
        error.contains("\"nonsense\"") && error.contains("HOST:PORT"),
        "{error}"
    );
    for path in ["", "metrics", "/a b", "/metrics?x", "http://here/metrics"] {
        let error = failed(
            builder()
                .with_prometheus("127.0.0.1:0")
                .with_prometheus_path(path),
        );
        let expected = format!("with_prometheus_path is {path:?}: expected a path");
        assert!(error.starts_with(&expected), "{error}");
    }
    let error = failed(builder().with_otlp_endpoint("https://localhost:4317"));
    assert!(
        error.contains("with_otlp_endpoint") && error.contains("https://localhost:4317"),
        "{error}"
    );
    let error = failed(builder().with_filter("info,startup=loud"));
    assert!(
        error.starts_with(
            "with_filter is \"info,startup=loud\": the directive \"startup=loud\" cannot be used"
        ),
        "{error}"
    );
    // Nothing records, nothing runs, and the next start is the first.
    call();
    assert_eq!((calls(), settled()), (0, 0));
    support::no_threads();
    let telemetry = builder()
        .with_prometheus("127.0.0.1:0")
        .with_discarding_exporter()
        .init()
        .unwrap();
    call();
    telemetry.flush(SECOND).unwrap();
    assert_eq!((calls(), settled()), (1, 1));
    assert!(support::threads() > 0);
    telemetry.shutdown(SECOND).unwrap();
    support::no_threads();
}

#[test]
fn a_port_that_the_environment_chose_is_named_too() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = run_child("from the environment");
    command
        .env("OTEL_METRICS_EXPORTER", "prometheus")
        .env("OTEL_EXPORTER_PROMETHEUS_HOST", "127.0.0.1")
        .env("OTEL_EXPORTER_PROMETHEUS_PORT", &port);
    let text = stderr_of(&command.output().unwrap());
    assert!(text.contains(&format!("127.0.0.1:{port}")), "{text}");
}

fn from_the_environment() {
    eprintln!("{}", tracer_runtime::init().unwrap_err());
}

#[test]
fn a_disabled_sdk_starts_and_records_nothing() {
    let mut command = run_child("disabled");
    stderr_of(&command.env("OTEL_SDK_DISABLED", "true").output().unwrap());
}

fn disabled() {
    // Not even a port that is in use is looked at.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let telemetry = builder()
        .with_prometheus(address)
        .with_otlp()
        .init()
        .unwrap();
    assert_eq!(telemetry.prometheus_addr(), None);
    call();
    assert_eq!((calls(), settled(), support::threads()), (0, 0, 0));
    telemetry.flush(SECOND).unwrap();
    telemetry.shutdown(SECOND).unwrap();
}

#[test]
fn any_time_may_be_given_to_a_flush_and_a_shutdown() {
    stderr_of(&run_child("for ever").output().unwrap());
}

fn for_ever() {
    let telemetry = builder().with_discarding_exporter().init().unwrap();
    call();
    telemetry.flush(Duration::MAX).unwrap();
    assert_eq!(settled(), 1);
    telemetry.shutdown(Duration::MAX).unwrap();
}
