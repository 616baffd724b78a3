//! The same calls with and without `enable`: with it they are seen, without it nothing is.
#![allow(clippy::unwrap_used, reason = "tests")]

use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_tests_disabled::{functions, inside, instrumented, rpc, startup};

const ENABLED: bool = cfg!(feature = "enable");

fn spans(calls: impl AsyncFnOnce()) -> Vec<CapturedSpan> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let capture = capture();
    runtime.block_on(capture.run(calls()));
    let spans = capture.spans();
    assert_eq!(capture.tree().is_empty(), spans.is_empty());
    assert_eq!(spans.is_empty(), !ENABLED);
    spans
}

#[test]
fn functions_of_every_shape_do_what_they_do() {
    let spans = spans(async || {
        functions::plain();
        assert!(functions::answer(true).0);
        assert_eq!(functions::fails(1, "b", 2.5), Err("b2.5".to_owned()));
        assert_eq!(functions::named(1, "secret"), 1);
        assert_eq!(functions::checked(-1), -1);
        assert_eq!(functions::later().await, Err(std::fmt::Error));
        assert_eq!(functions::boxed(&3).await, 3);
        assert_eq!(functions::works_first(3).await, 6);
        functions::placed(tracer_runtime::Context::current());
        functions::root();
        functions::counted();
        assert_eq!(functions::handler(http::Request::new(())).await, 200);
        let remote = functions::call(&mut tonic::Request::new(())).await.unwrap();
        assert_eq!(remote.is_some(), ENABLED);
        let store = functions::Store;
        assert_eq!((store.get(), store.quiet_too(), store.fetch(3)), (1, 2, 3));
        store.quiet();
        functions::module::inner();
        functions::module::quiet();
    });
    if ENABLED {
        assert_eq!(spans.len(), 15, "{spans:#?}");
    }
    let text = tracer_runtime::metrics::encode();
    assert_eq!(text.contains("function=\"counted\""), ENABLED, "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[cfg(feature = "tracing")]
#[test]
fn a_subscriber_has_our_layer_or_one_that_does_nothing() {
    let mut lines = String::new();
    let spans =
        spans(async || lines = tracer_tests_disabled::subscriber::of_another_crate().text());
    let names: Vec<&str> = spans.iter().map(CapturedSpan::name).collect();
    assert_eq!(
        names,
        if ENABLED {
            vec!["of_another_crate", "plain"]
        } else {
            vec![]
        }
    );
    let told = lines.lines().filter(|line| line.contains("told"));
    assert_eq!(told.clone().count(), 2, "{lines}");
    let with_ids = told.filter(|line| line.contains("trace_id") && line.contains("trace_flags"));
    assert_eq!(with_ids.count(), if ENABLED { 2 } else { 0 }, "{lines}");
}

#[test]
fn instrumented_functions_do_what_they_do() {
    let spans = spans(async || {
        assert_eq!(instrumented::plain(1), 1);
        assert!(instrumented::order(0, "card").is_err());
        assert_eq!(instrumented::checked(-1), -1);
        assert_eq!(instrumented::later(2).await, 2);
    });
    if ENABLED {
        assert_eq!(spans.len(), 4, "{spans:#?}");
    }
}

#[test]
fn what_is_called_inside_is_harmless() {
    spans(async || {
        let seen = inside::records();
        assert_eq!(seen.ids.is_some(), ENABLED);
        assert_eq!(seen.context.is_valid(), ENABLED);
        assert_eq!(seen.headers.is_empty(), !ENABLED);
        assert_eq!(seen.remote.is_some(), ENABLED);
        assert_eq!(seen.tenant.is_some(), ENABLED);
        inside::carries().await;
        let mut frame = inside::Frame::default();
        inside::send(&mut frame).await;
        assert_eq!(frame.0.is_empty(), !ENABLED);
    });
}

#[test]
fn calls_between_services_are_followed_or_they_just_happen() {
    let spans = spans(async || {
        assert_eq!(rpc::calls().await, ENABLED);
    });
    let text = tracer_runtime::metrics::encode();
    assert_eq!(text.contains("rpc_server_call_duration"), ENABLED, "{text}");
    assert_eq!(spans.len(), if ENABLED { 4 } else { 0 }, "{spans:#?}");
    if !ENABLED {
        assert_eq!(size_of::<tracer_runtime::rpc::RpcPlan>(), 0);
        assert_eq!(size_of::<tracer_runtime::rpc::RpcCall>(), 0);
        assert_eq!(size_of::<tracer_runtime::rpc::Endpoint>(), 0);
        assert_eq!(size_of::<Option<tracer_runtime::RpcInfo>>(), 0);
    }
}

#[test]
fn telemetry_starts_once_when_there_is_any() {
    let address = startup::run(rpc::told(startup::described())).unwrap();
    assert_eq!(address.is_some(), ENABLED);
    let again = startup::run(startup::exported("http://127.0.0.1:1"));
    assert_eq!(again.is_err(), ENABLED);
    assert_eq!(startup::by_environment().is_err(), ENABLED);
}

#[test]
fn a_service_behind_a_layer_answers() {
    let router = tracer_tests_disabled::layers::router().expect("the expression is valid");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime can be built");
    let response = runtime.block_on(async {
        // Behind no server, and connected to nothing.
        let lazy = tonic::transport::Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
        drop(tracer_tests_disabled::layers::channel(lazy));
        drop(tracer_tests_disabled::layers::client());
        tower::ServiceExt::oneshot(router, http::Request::new(axum::body::Body::empty())).await
    });
    assert_eq!(response.expect("it is infallible").status(), 200);
}
