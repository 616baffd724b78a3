//! RPC calls: what they count, however they end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::metrics::family::PointValue;
use crate::metrics::names;
use crate::rpc::metrics::{Options, calls};
use crate::rpc::{Endpoint, RpcStatus};
use crate::testing;

const SERVER: &str = "rpc_server_call_duration_seconds_count";
const CLIENT: &str = "rpc_client_call_duration_seconds_count";

fn grpc(method: &'static str) -> RpcPlan {
    RpcPlan::server("grpc")
        .with_service("shop", "Counted")
        .with_method(method)
}

#[test]
fn a_call_is_counted_by_method_and_status() {
    let _capture = testing::capture();
    for code in [0, 0, 5, 13] {
        let call = start(grpc("by_status"));
        call.set_status(RpcStatus::Grpc(code));
        call.finish();
    }
    let mut labels = labels_with(SERVER, "by_status");
    labels.sort();
    let common = r#"rpc_system_name="grpc",rpc_method="shop.Counted/by_status""#;
    assert_eq!(
        labels,
        [
            format!(r#"{common},rpc_response_status_code="INTERNAL",error_type="INTERNAL""#),
            format!(r#"{common},rpc_response_status_code="NOT_FOUND""#),
            format!(r#"{common},rpc_response_status_code="OK""#),
        ]
    );
    assert_eq!(now(SERVER, r#"by_status" "OK""#).as_deref(), Some("2"));
    let bucket = "rpc_server_call_duration_seconds_bucket";
    for le in ["0.005", "10.0", "+Inf"] {
        let labels = format!(r#"by_status" "OK" le="{le}""#);
        assert_eq!(now(bucket, &labels).as_deref(), Some("2"), "{le}");
    }
}

#[cfg(feature = "tower")]
#[test]
fn calls_of_a_known_method_are_told_apart_however_often_they_come() {
    let _capture = testing::capture();
    let first = RpcPlan::client("grpc").with_service("shop", "Known");
    start(first.with_method("again")).finish();
    for (address, code) in [("a:1", 0), ("b:1", 0), ("a:1", 5), ("a:1", 0)] {
        let to = Endpoint::default().with_address(address);
        let mut plan = RpcPlan::client("grpc").with_to(to);
        assert!(plan.set_known("shop.Known/again"));
        let call = start(plan);
        call.set_status(RpcStatus::Grpc(code));
        call.finish();
    }
    let count = |labels: &str| now(CLIENT, &format!("shop.Known/again {labels}"));
    for (labels, expected) in [
        (r#""OK" server_address="a""#, "2"),
        (r#""OK" server_address="b""#, "1"),
        (r#""NOT_FOUND" server_address="a""#, "1"),
    ] {
        assert_eq!(count(labels).as_deref(), Some(expected), "{labels}");
    }
}

#[test]
fn a_client_says_whom_it_has_called_and_every_code_is_its_error() {
    let _capture = testing::capture();
    let to = Endpoint::new("stock")
        .with_namespace("eu")
        .with_address("stock.internal:8443");
    let call = start(
        RpcPlan::client("grpc")
            .with_to(to)
            .with_service("shop", "Counted")
            .with_method("called"),
    );
    call.set_status(RpcStatus::Grpc(5));
    call.finish();
    assert_eq!(
        labels_with(CLIENT, "Counted/called"),
        [concat!(
            r#"rpc_system_name="grpc",rpc_method="shop.Counted/called","#,
            r#"rpc_response_status_code="NOT_FOUND",error_type="NOT_FOUND","#,
            r#"server_address="stock.internal",server_port="8443","#,
            r#"service_peer_name="stock",service_peer_namespace="eu""#
        )]
    );
}

#[test]
fn a_server_says_who_has_called_where_that_is_known() {
    let _capture = testing::capture();
    let from = Endpoint::new("front").with_address("10.0.0.1:999");
    start(grpc("topology").with_from(from)).finish();
    let labels = labels_with(SERVER, "topology");
    assert!(
        labels[0].ends_with(r#"service_peer_name="front""#),
        "{labels:?}"
    );
}

#[test]
fn calls_that_are_cancelled_or_panic_are_counted_and_none_stays_active() {
    let _capture = testing::capture();
    let plan = || RpcPlan::server("rpc-ends").with_method("wait");
    let active = || now("tracer_rpc_server_active_calls", r#""rpc-ends""#);
    let waiting = start(plan());
    let mut broken = start(plan());
    let fails = start(plan());
    let goes_well = start(plan());
    assert_eq!(active().as_deref(), Some("4"));
    drop(waiting);
    let unwound = catch_unwind(AssertUnwindSafe(|| broken.within(|| panic!("on purpose"))));
    assert!(unwound.is_err());
    drop(broken);
    fails.fail(&std::fmt::Error);
    assert_eq!(active().as_deref(), Some("1"));
    goes_well.finish();
    assert_eq!(active().as_deref(), Some("0"));
    let mut ends: Vec<_> = labels_with(SERVER, "rpc-ends")
        .iter()
        .map(|labels| labels.replace(r#"rpc_system_name="rpc-ends",rpc_method="wait""#, ""))
        .collect();
    ends.sort();
    assert_eq!(
        ends,
        [
            "",
            r#",error_type="cancelled""#,
            &format!(
                r#",error_type="{}""#,
                std::any::type_name::<std::fmt::Error>()
            ),
            r#",error_type="panic""#,
        ]
    );
}

#[test]
fn a_cancelled_grpc_call_says_so_by_its_status() {
    let _capture = testing::capture();
    drop(start(grpc("given_up")));
    assert_eq!(
        labels_with(SERVER, "given_up"),
        [
            r#"rpc_system_name="grpc",rpc_method="shop.Counted/given_up",rpc_response_status_code="CANCELLED""#
        ]
    );
}

#[test]
fn a_method_that_does_not_exist_is_no_series_of_its_own() {
    let _capture = testing::capture();
    let before = now(SERVER, r#""_OTHER" "UNIMPLEMENTED" "grpc""#);
    for method in ["made_up_1", "made_up_2"] {
        let call = start(grpc(method));
        call.set_status(RpcStatus::Grpc(12));
        call.finish();
    }
    let after = now(SERVER, r#""_OTHER" "UNIMPLEMENTED" "grpc""#).expect("they were counted");
    let before: u64 = before.map_or(0, |n| n.parse().expect("a count"));
    assert!(after.parse::<u64>().expect("a count") >= before + 2);
    assert_eq!(labels_with(SERVER, "made_up"), [""; 0]);
}

#[test]
fn a_call_is_counted_where_no_lifecycle_is_noted() {
    let _capture = testing::capture();
    let silent = installed(StatsLevel::Disabled, |_| {});
    RpcCall::start_at(silent, grpc("silent"), Start::current).finish();
    assert_eq!(now(SERVER, "Counted/silent").as_deref(), Some("1"));
}

#[test]
fn messages_and_bytes_are_summed_by_method_whatever_the_status() {
    let _capture = testing::capture();
    for code in [0, 13] {
        let call = start(grpc("traffic"));
        call.add_received(1, 100);
        call.add_sent(3, 30);
        call.set_status(RpcStatus::Grpc(code));
        call.finish();
    }
    for (name, sum) in [
        ("tracer_rpc_server_received_messages_total", "2"),
        ("tracer_rpc_server_received_bytes_total", "200"),
        ("tracer_rpc_server_sent_messages_total", "6"),
        ("tracer_rpc_server_sent_bytes_total", "60"),
    ] {
        assert_eq!(now(name, "Counted/traffic").as_deref(), Some(sum), "{name}");
    }
}

#[test]
fn the_old_duration_is_there_when_it_is_asked_for_with_the_old_attributes() {
    let _capture = testing::capture();
    let call = start(grpc("old"));
    call.set_status(RpcStatus::Grpc(5));
    call.finish();
    let old = |old_durations| {
        let options = Options {
            old_durations,
            ..Options::default()
        };
        let families = calls::families(options).into_iter();
        let mut families = families.filter(|f| f.metric == names::OLD_RPC_SERVER_DURATION);
        let points = families.next()?.points;
        points.into_iter().find(|point| {
            let mut values = point.labels.iter().map(|(_, value)| value.as_text());
            values.any(|value| value == "old")
        })
    };
    assert!(old(false).is_none());
    let point = old(true).expect("it was counted");
    let labels = point.labels.iter();
    let labels: Vec<_> = labels
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect();
    assert_eq!(
        labels,
        [
            r#"rpc.system=Text("grpc")"#,
            r#"rpc.service=Text("shop.Counted")"#,
            r#"rpc.method=Text("old")"#,
            "rpc.grpc.status_code=Integer(5)",
        ]
    );
    let PointValue::Explicit(ms) = point.value else {
        panic!("no histogram");
    };
    assert_eq!(
        (ms.upper[..3].to_vec(), ms.count()),
        (vec![0.0, 5.0, 10.0], 1)
    );
    assert_eq!(ms.counts.len(), ms.upper.len() + 1);
    assert!(ms.sum > 0.0 && ms.sum < 10_000.0, "{} ms", ms.sum);
}
