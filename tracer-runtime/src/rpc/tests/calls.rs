//! The span of a call, and what is said about it.

use std::collections::HashMap;

use super::*;
use crate::testing::{self, CapturedSpan};
use crate::{SpanKind, Value};

fn base() -> &'static Installed {
    installed(StatsLevel::Detailed, |_| {})
}

fn text(span: &CapturedSpan, key: &str) -> Option<String> {
    match span.attribute(key)? {
        Value::Str(text) => Some(text.to_string()),
        other => Some(other.to_string()),
    }
}

#[test]
fn a_call_is_a_span_under_the_current_one_and_over_what_runs_in_it() {
    let capture = testing::capture();
    let outer = crate::span!("handler").enter();
    let mut call = start(base(), RpcPlan::client("thrift").with_method("ask"));
    call.within(|| drop(crate::span!("encode").enter()));
    drop(crate::span!("meanwhile").enter());
    call.finish();
    drop(outer);
    assert_eq!(
        capture.tree(),
        "handler [ok]\n  ask [ok]\n    encode [ok]\n  meanwhile [ok]\n"
    );
    assert_eq!(capture.spans()[1].kind(), SpanKind::Client);
}

#[test]
fn a_client_writes_its_context_and_a_server_goes_on_under_it() {
    let capture = testing::capture();
    let mut headers = HashMap::new();
    let client = RpcCall::send(RpcPlan::client("thrift").with_method("ask"), &mut headers);
    let server = RpcCall::serve(RpcPlan::server("thrift").with_method("answer"), &headers);
    let ids = client.info().and_then(RpcInfo::ids).expect("it has a span");
    server.finish();
    client.finish();
    let spans = capture.spans();
    let answer = spans
        .iter()
        .find(|span| span.name() == "answer")
        .expect("it was recorded");
    assert_eq!(
        (answer.trace_id, answer.parent_id),
        (ids.trace_id, ids.span_id)
    );
}

#[test]
fn the_caller_is_whom_the_carrier_names_unless_the_plan_says() {
    use crate::propagation::{Propagator, Propagators};

    let capture = testing::capture();
    let propagators = Propagators::new([Propagator::Kitex, Propagator::Kratos]);
    for name in ["source-service", "x-md-service-name"] {
        let headers = HashMap::from([(name.to_owned(), "front".to_owned())]);
        let remote = propagators.extract(&headers);
        let named = plan().with_from(Endpoint::new("gateway"));
        for mut plan in [plan(), named] {
            plan.set_caller(remote.as_ref());
            start(base(), plan).finish();
        }
    }
    let callers = capture.spans();
    let callers = callers.iter().map(|span| text(span, "service.peer.name"));
    let expected = ["front", "gateway", "front", "gateway"];
    assert!(callers.eq(expected.map(|name| Some(name.to_owned()))));
}

#[test]
fn a_span_says_what_was_called_by_whom_and_how_it_went() {
    let capture = testing::capture();
    let plan = plan()
        .with_from(Endpoint::new("front").with_address("10.0.0.1:999"))
        .with_to(Endpoint::default().with_address("stock.local:8888"));
    let call = start(base(), plan);
    call.add_received(1, 120);
    call.add_sent(2, 30);
    call.set_biz_status(42, "sold out");
    call.record_with(READ_FINISH, EventStatus::Warn, "slow");
    call.finish();
    let span = &capture.spans()[0];
    for (key, value) in [
        ("rpc.system.name", "thrift"),
        ("rpc.method", "shop.Stock/reserve"),
        ("server.address", "stock.local"),
        ("server.port", "8888"),
        ("network.peer.address", "10.0.0.1"),
        ("network.peer.port", "999"),
        ("service.peer.name", "front"),
        ("rpc.request.size", "120"),
        ("rpc.response.messages", "2"),
        ("rpc.biz_status.code", "42"),
        ("rpc.biz_status.message", "sold out"),
    ] {
        assert_eq!(text(span, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(span.attribute("code.function.name"), None);
    let events: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["rpc_start", "read_finish", "rpc_finish"]);
    assert_eq!(capture.tree(), "shop.Stock/reserve [ok]\n");
}

#[test]
fn what_the_plan_says_is_known_of_the_call() {
    let _capture = testing::capture();
    let ms = std::time::Duration::from_millis;
    let to = Endpoint::new("stock")
        .with_tag("zone", "a")
        .with_tag("empty", "")
        .with_tag("zone", "b");
    let plan = plan()
        .with_to(to)
        .with_streaming(StreamingMode::Client)
        .with_seq_id(7)
        .with_rpc_timeout(ms(300))
        .with_connect_timeout(ms(200))
        .with_read_write_timeout(ms(100))
        .with_protocol("ttheader");
    let call = start(base(), plan);
    let info = call.info().expect("a capture records").clone();
    call.finish();
    assert_eq!(info.to().tag("zone"), Some("b"));
    assert_eq!(
        (info.to().tag("empty"), info.to().tag("other")),
        (None, None)
    );
    assert_eq!(info.to().method(), "reserve");
    let called = info.invocation();
    assert_eq!((called.package(), called.service()), ("shop", "Stock"));
    assert_eq!(
        (called.streaming(), called.seq_id(), called.attempt()),
        (StreamingMode::Client, 7, 0)
    );
    let config = info.config();
    assert_eq!(config.rpc_timeout(), Some(ms(300)));
    assert_eq!(config.connect_timeout(), Some(ms(200)));
    assert_eq!(config.read_write_timeout(), Some(ms(100)));
    assert_eq!(config.protocol(), "ttheader");
}

#[test]
fn the_status_of_the_protocol_decides_by_the_side_of_the_call() {
    let capture = testing::capture();
    for plan in [RpcPlan::server("grpc"), RpcPlan::client("grpc")] {
        let call = start(
            base(),
            plan.with_service("shop", "Stock").with_method("find"),
        );
        call.set_status(RpcStatus::Grpc(5));
        call.finish();
    }
    assert_eq!(
        capture.tree(),
        "shop.Stock/find [ok]\nshop.Stock/find [error]\n"
    );
    let spans = capture.spans();
    assert_eq!(spans[0].attribute("error.type"), None);
    assert_eq!(text(&spans[1], "error.type").as_deref(), Some("NOT_FOUND"));
    for span in &spans {
        assert_eq!(
            text(span, "rpc.response.status_code").as_deref(),
            Some("NOT_FOUND")
        );
    }
}

#[test]
fn a_method_that_does_not_exist_gives_its_span_no_name() {
    let capture = testing::capture();
    let call = start(
        base(),
        RpcPlan::server("grpc")
            .with_service("x", "Y")
            .with_method("made_up"),
    );
    call.set_status(RpcStatus::Grpc(12));
    call.finish();
    assert_eq!(capture.tree(), "grpc [error]\n");
    let span = &capture.spans()[0];
    assert_eq!(text(span, "rpc.method").as_deref(), Some("_OTHER"));
    assert_eq!(
        text(span, "rpc.method_original").as_deref(),
        Some("x.Y/made_up")
    );
}

#[test]
fn a_call_that_is_dropped_is_cancelled() {
    let capture = testing::capture();
    drop(start(
        base(),
        RpcPlan::server("grpc")
            .with_service("shop", "Stock")
            .with_method("wait"),
    ));
    assert_eq!(capture.tree(), "shop.Stock/wait [cancelled]\n");
    let status = text(&capture.spans()[0], "rpc.response.status_code");
    assert_eq!(status.as_deref(), Some("CANCELLED"));
}

#[test]
fn the_innermost_call_is_the_current_one() {
    let _capture = testing::capture();
    let method = || RpcInfo::current().map(|rpc| rpc.invocation().method().to_owned());
    let mut outer = start(base(), RpcPlan::server("thrift").with_method("outer"));
    outer.within(|| {
        let mut inner = start(base(), RpcPlan::client("thrift").with_method("inner"));
        assert_eq!(method().as_deref(), Some("outer"));
        inner.within(|| assert_eq!(method().as_deref(), Some("inner")));
        inner.finish();
        assert_eq!(method().as_deref(), Some("outer"));
    });
    outer.finish();
    assert_eq!(method(), None);
}

#[test]
fn a_capture_of_another_thread_neither_sees_nor_counts_a_call() {
    let elsewhere = testing::capture();
    let is_known = std::thread::spawn(|| {
        let call = RpcCall::start(plan().with_method("not captured"));
        let is_known = call.info().is_some();
        call.finish();
        is_known
    });
    assert!(!is_known.join().expect("nothing panics there"));
    assert_eq!(elsewhere.tree(), "");
    #[cfg(feature = "metrics")]
    assert!(!crate::metrics::encode().contains("not captured"));
}
