//! What the metrics say of calls, whatever else is recorded.

use std::time::Duration;

use tracer_runtime::rpc::{RpcCall, RpcPlan, kitex_metrics};
use tracer_runtime::{Sampler, builder};

use crate::broken::Broken;
use crate::call;
use crate::support::{metric, run_child, stderr_of};

#[test]
fn what_is_not_sampled_is_counted_exactly_and_says_so_to_the_next() {
    stderr_of(&run_child("nothing sampled").output().unwrap());
}

pub(crate) fn nothing_sampled() {
    let telemetry = builder()
        .with_sampler(Sampler::ratio(0.0))
        .with_tracer(kitex_metrics())
        .init()
        .unwrap();
    for _ in 0..50 {
        let mut headers = std::collections::HashMap::new();
        let plan = RpcPlan::client("thrift").with_method("reserve");
        let client = RpcCall::send(plan, &mut headers);
        let sent = headers["traceparent"].clone();
        assert!(sent.ends_with("-00"), "{sent}");
        let server = RpcCall::serve(RpcPlan::server("thrift").with_method("reserve"), &headers);
        let ids = server.info().unwrap().ids().unwrap();
        assert_eq!(
            (ids.trace_id.to_string().as_str(), ids.sampled),
            (&sent[3..35], false)
        );
        server.finish();
        client.finish();
    }
    let kitex = r#"type="unary",caller="unknown",callee="unknown",method="reserve",status="succeed",retry="0""#;
    for side in ["client", "server"] {
        for (name, labels) in [
            (format!("kitex_{side}_throughput"), kitex),
            (format!("kitex_{side}_latency_us_count"), kitex),
            (
                format!("rpc_{side}_call_duration_seconds_count"),
                r#"rpc_system_name="thrift",rpc_method="reserve""#,
            ),
        ] {
            assert_eq!(metric(&format!("{name}{{{labels}}}")), 50, "{name}");
        }
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

#[test]
fn one_family_with_two_sets_of_boundaries_is_an_error_that_names_it() {
    stderr_of(&run_child("same name twice").output().unwrap());
}

pub(crate) fn same_name_twice() {
    let finer = || kitex_metrics().with_boundaries(&[10.0, 100.0]);
    let error = builder().with_tracer(finer()).with_tracer(kitex_metrics());
    let error = error.init().unwrap_err().to_string();
    for said in [
        "with_tracer",
        "kitex_server_latency_us",
        "kitex_client_latency_us",
        "10.0, 100.0",
    ] {
        assert!(error.contains(said), "{said} in {error}");
    }
    // The same ones are no conflict, whoever else is there.
    let telemetry = builder()
        .with_tracer(finer())
        .with_tracer(Broken)
        .with_tracer(finer());
    let telemetry = telemetry.init().unwrap();
    std::panic::set_hook(Box::new(|_| {}));
    call();
    let text = tracer_runtime::metrics::encode();
    let count = text
        .lines()
        .filter(|line| line.starts_with("kitex_server_latency_us_bucket{"));
    assert_eq!(count.count(), 3, "{text}");
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
