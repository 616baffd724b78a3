//! HTTP requests with no RPC system above them.

use super::*;
use crate::metrics::family::PointValue;
use crate::metrics::names;
use crate::rpc::metrics::{Options, calls};
use crate::rpc::{Endpoint, RpcStatus};
use crate::testing;

const SERVER: &str = "http_server_request_duration_seconds_count";
const CLIENT: &str = "http_client_request_duration_seconds_count";

#[test]
fn a_served_request_is_counted_by_route_and_status() {
    let _capture = testing::capture();
    let call = start(with_http(RpcPlan::server("http"), http_request("GET")));
    call.set_route("/served/{id}");
    call.set_status(RpcStatus::Http(503));
    call.finish();
    assert_eq!(
        labels_with(SERVER, "/served/{id}"),
        [concat!(
            r#"http_request_method="GET",url_scheme="http",http_route="/served/{id}","#,
            r#"http_response_status_code="503",error_type="503",network_protocol_version="1.1""#
        )]
    );
    assert_eq!(
        labels_with("rpc_server_call_duration_seconds_count", "served"),
        [""; 0]
    );
}

#[test]
fn a_made_request_says_whom_it_asks_and_has_no_route() {
    let _capture = testing::capture();
    let plan = RpcPlan::client("http").with_to(Endpoint::default().with_address("made.test:80"));
    let call = start(with_http(plan, http_request("POST")));
    assert_eq!(
        now("http_client_active_requests", "made.test").as_deref(),
        Some("1")
    );
    call.set_status(RpcStatus::Http(404));
    call.finish();
    assert_eq!(
        now("http_client_active_requests", r#""POST" "made.test" "80""#).as_deref(),
        Some("0")
    );
    assert_eq!(
        labels_with(CLIENT, "made.test"),
        [concat!(
            r#"http_request_method="POST",http_response_status_code="404",error_type="404","#,
            r#"network_protocol_version="1.1",server_address="made.test",server_port="80""#
        )]
    );
}

#[test]
fn a_server_whose_client_has_gone_says_so_and_a_client_that_gives_up_does_not() {
    let _capture = testing::capture();
    let server = start(with_http(RpcPlan::server("http"), http_request("GET")));
    server.set_route("/gone");
    drop(server);
    let labels = labels_with(SERVER, "/gone");
    assert!(
        labels[0].contains(r#"error_type="cancelled""#),
        "{labels:?}"
    );
    let plan = RpcPlan::client("http").with_to(Endpoint::default().with_address("gone.test"));
    drop(start(with_http(plan, http_request("GET"))));
    let labels = labels_with(CLIENT, "gone.test");
    assert!(!labels[0].contains("error_type"), "{labels:?}");
}

#[test]
fn sizes_of_bodies_are_counted_when_they_are_asked_for() {
    let _capture = testing::capture();
    let sizes = || {
        let families = calls::families(Options::default());
        let of = |metric| {
            let mut families = families.iter().filter(move |f| f.metric == metric);
            let points = families.next().map_or(&[][..], |family| &family.points);
            points.iter().find_map(|point| {
                let mut values = point.labels.iter().map(|(_, value)| value.as_text());
                values
                    .any(|value| value == "/sizes")
                    .then_some(&point.value)
            })
        };
        let sum = |value: Option<&PointValue<'_>>| match value? {
            PointValue::Explicit(sizes) => Some((sizes.count(), sizes.sum)),
            _ => None,
        };
        (
            sum(of(names::HTTP_SERVER_REQUEST_SIZE)),
            sum(of(names::HTTP_SERVER_RESPONSE_SIZE)),
        )
    };
    let call = start(with_http(RpcPlan::server("http"), http_request("PUT")));
    call.set_route("/sizes");
    call.add_received(0, 1_000);
    call.add_sent(0, 20);
    let info = call.info().expect("a capture records").clone();
    call.finish();
    assert_eq!(sizes(), (None, None));
    let body_sizes = true;
    calls::finished(&info, 1, || Options {
        body_sizes,
        ..Options::default()
    });
    assert_eq!(sizes(), (Some((1, 1_000.0)), Some((1, 20.0))));
}
