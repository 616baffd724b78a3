//! Attempts at one call.

use std::time::Duration;

use tracer_runtime::builder;
use tracer_runtime::rpc::{RpcCall, RpcPlan, kitex_metrics};

use crate::support::{self, metric, run_child, stderr_of};
use crate::told::Streams;

#[test]
fn a_call_of_several_attempts_is_told_and_counted_as_one() {
    stderr_of(&run_child("attempts").output().unwrap());
}

pub(crate) fn told() {
    let told = Streams::default();
    let telemetry = builder()
        .with_tracer(told.clone())
        .with_tracer(kitex_metrics())
        .init()
        .unwrap();
    let plan = RpcPlan::client("thrift").with_method("reserve");
    let mut call = RpcCall::start(plan.clone());
    let mut parents = Vec::new();
    for _ in 0..3 {
        let mut headers = std::collections::HashMap::new();
        let plan = plan.clone();
        let attempt = call.within(|| RpcCall::send(plan.attempt_at_current(), &mut headers));
        attempt.add_sent(1, 10);
        attempt.fail(&std::fmt::Error);
        parents.push(headers["traceparent"].clone());
    }
    parents.dedup();
    assert_eq!(parents.len(), 3, "each has a span of its own");
    call.add_sent(1, 10);
    call.finish();
    assert_eq!(told.0.lock().unwrap()["client messages sent"], 1);
    let labels = r#"type="unary",caller="unknown",callee="unknown",method="reserve""#;
    let throughput = format!("kitex_client_throughput{{{labels},status=\"succeed\",retry=\"2\"}}");
    assert_eq!(metric(&throughput), 1);
    assert_eq!(support::samples("kitex_client_throughput{").len(), 1);
    let durations = support::samples("rpc_client_call_duration_seconds_count{");
    assert_eq!(
        durations.iter().map(|(_, n)| n).sum::<u64>(),
        1,
        "{durations:?}"
    );
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
