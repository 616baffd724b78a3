//! The names and labels of other frameworks.

use std::time::Duration;

use super::*;
use crate::metrics::openmetrics::{Format, render};
use crate::rpc::{Endpoint, RpcStatus, StreamingMode, kitex_metrics, kratos_metrics};
use crate::testing;

fn echo(method: &'static str) -> RpcPlan {
    RpcPlan::client("thrift")
        .with_to(Endpoint::new("echo"))
        .with_service("echo", "Echo")
        .with_method(method)
}

#[test]
fn kitex_series_have_the_labels_of_kitex_in_both_formats() {
    let _capture = testing::capture();
    start_told(echo("kitex_labels"), [kitex_metrics()]).finish();
    let labels = concat!(
        r#"{type="unary",caller="shop",callee="echo",method="kitex_labels","#,
        r#"status="succeed",retry="0""#
    );
    let old = render(Format::Prometheus);
    for line in [
        "# TYPE kitex_client_throughput counter".to_owned(),
        "# TYPE kitex_client_latency_us histogram".to_owned(),
        format!("kitex_client_throughput{labels}}} 1"),
        format!(r#"kitex_client_latency_us_bucket{labels},le="5000"}} 1"#),
        format!(r#"kitex_client_latency_us_bucket{labels},le="1e+06"}} 1"#),
        format!(r#"kitex_client_latency_us_bucket{labels},le="+Inf"}} 1"#),
        format!("kitex_client_latency_us_count{labels}}} 1"),
    ] {
        assert!(old.lines().any(|l| l == line), "{line}");
    }
    let new = render(Format::OpenMetrics);
    for line in [
        "# TYPE kitex_client_throughput unknown".to_owned(),
        format!("kitex_client_throughput{labels}}} 1"),
        format!(r#"kitex_client_latency_us_bucket{labels},le="5000.0"}} 1"#),
    ] {
        assert!(new.lines().any(|l| l == line), "{line}");
    }
}

#[test]
fn kitex_counts_a_call_once_however_often_it_is_installed() {
    let _capture = testing::capture();
    let several = || {
        [
            kitex_metrics(),
            kitex_metrics().with_boundaries(&[1.0]),
            kitex_metrics(),
        ]
    };
    start_told(echo("kitex_twice"), several()).finish();
    let served = RpcPlan::server("thrift").with_method("kitex_twice");
    start_told(served, several()).finish();
    for name in ["kitex_client_throughput", "kitex_server_throughput"] {
        assert_eq!(now(name, "kitex_twice").as_deref(), Some("1"), "{name}");
    }
}

#[test]
fn kitex_statuses_are_succeed_for_business_failures_and_error_for_the_rest() {
    let _capture = testing::capture();
    let call = || start_told(echo("kitex_status"), [kitex_metrics()]);
    let business = call();
    business.set_biz_status(42, "sold out");
    business.finish();
    call().fail(&std::fmt::Error);
    drop(call());
    let counted = |status| {
        now(
            "kitex_client_throughput",
            &format!(r#"kitex_status" {status}"#),
        )
    };
    assert_eq!(counted(r#"status="succeed""#).as_deref(), Some("1"));
    assert_eq!(counted(r#"status="error""#).as_deref(), Some("2"));
}

#[test]
fn kitex_says_unknown_the_number_of_retries_and_who_streams() {
    let _capture = testing::capture();
    let plan = RpcPlan::client("thrift")
        .with_method("kitex_retry")
        .with_streaming(StreamingMode::Server);
    for attempt in [1, 10, 4_000_000] {
        start_told(plan.clone().with_attempt(attempt), [kitex_metrics()]).finish();
    }
    let retries = |n| {
        let labels = format!(r#"kitex_retry" callee="unknown" "server_streaming" retry="{n}""#);
        now("kitex_client_throughput", &labels)
    };
    assert_eq!(retries(1).as_deref(), Some("1"));
    assert_eq!(retries(10).as_deref(), Some("2"));
}

#[test]
fn kitex_boundaries_are_those_that_make_sense_in_order() {
    use crate::rpc::metrics::kitex::bounds_of;

    let odd = [1_000.0, f64::NAN, 10.0, -1.0, f64::INFINITY, 10.0, 0.0];
    assert_eq!(
        bounds_of(&kitex_metrics().with_boundaries(&odd)),
        [10.0, 1_000.0]
    );
    let default = bounds_of(&kitex_metrics().with_boundaries(&[]));
    assert_eq!((default[0], default[13]), (50.0, 1_000_000.0));
    assert!(default.is_sorted());
}

#[test]
fn kratos_codes_are_those_of_http() {
    let _capture = testing::capture();
    let plan = || {
        RpcPlan::server("grpc")
            .with_service("helloworld", "Greeter")
            .with_method("Kratos")
    };
    for code in [0, 5, 1] {
        let call = start_told(plan(), [kratos_metrics(), kratos_metrics()]);
        call.set_status(RpcStatus::Grpc(code));
        call.finish();
    }
    let mut labels = labels_with("server_requests_code_total", "Greeter/Kratos");
    labels.sort();
    let common = r#"kind="grpc",operation="/helloworld.Greeter/Kratos""#;
    assert_eq!(
        labels,
        ["200", "404", "499"].map(|code| format!(r#"{common},code="{code}",reason="""#))
    );
    let seconds = now("server_requests_seconds_count", "Greeter/Kratos");
    assert_eq!(seconds.as_deref(), Some("3"));
}

#[test]
fn kratos_has_the_type_of_an_error_as_its_reason() {
    let _capture = testing::capture();
    let plan = RpcPlan::client("thrift").with_service("", "KratosReason");
    let call = start_told(plan.with_method("ask"), [kratos_metrics()]);
    call.fail_with(crate::Failure {
        error_type: "OUT_OF_STOCK".into(),
        ..crate::Failure::default()
    });
    assert_eq!(
        labels_with("client_requests_code_total", "KratosReason"),
        [r#"kind="thrift",operation="/KratosReason/ask",code="500",reason="OUT_OF_STOCK""#]
    );
}

/// Keeps its thread busy.
struct Busy;

impl Tracer for Busy {
    type State = ();

    fn start(&self, _: &crate::RpcInfo) {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(3) {}
    }

    fn finish(&self, _: &crate::RpcInfo, (): ()) {}
}

#[test]
fn latencies_are_in_microseconds() {
    let _capture = testing::capture();
    let add = |all: &mut Tracers| {
        all.push(Busy);
        all.push(kitex_metrics());
    };
    RpcCall::start_at(
        installed(StatsLevel::Base, add),
        echo("kitex_us"),
        Start::current,
    )
    .finish();
    let sum = now("kitex_client_latency_us_sum", "kitex_us").expect("it was counted");
    let sum: f64 = sum.parse().expect("a number");
    assert!(sum >= 3_000.0 && sum.fract() == 0.0, "{sum} µs");
    let bucket = now("kitex_client_latency_us_bucket", r#"kitex_us le="2500.0""#);
    assert_eq!(bucket.as_deref(), Some("0"));
}
