//! Messages of streams, told one by one up to a limit.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracer_runtime::builder;
use tracer_runtime::integrations::tower::{ClientLayer, Observed, ServerLayer};

use crate::messages::{Messages, messages, run};
use crate::support::{metric, run_child, stderr_of};
use crate::told::Streams;

/// A call from a client to a server, with so many messages each way.
fn exchange(asked: usize, answered: usize) {
    let handler = service_fn(move |request: Request<Observed<Messages>>| async move {
        request.into_body().collect().await.unwrap();
        let mut response = Response::new(messages(answered, true));
        let headers = response.headers_mut();
        headers.insert("content-type", "application/grpc".parse().unwrap());
        Ok::<_, Infallible>(response)
    });
    let server = ServerLayer::new().layer(handler);
    let client = ClientLayer::new().layer(service_fn(move |request: Request<_>| {
        server.clone().oneshot(request.map(BoxBody::new))
    }));
    let request = Request::post("/shop.Stock/Exchange").header("content-type", "application/grpc");
    let request = request.body(messages(asked, false)).unwrap();
    run(async {
        let response = client.oneshot(request).await.unwrap();
        assert!(!response.body().is_end_stream());
        response.into_body().collect().await.unwrap();
    });
}

#[test]
fn a_tracer_hears_of_a_thousand_messages_each_way_and_all_are_counted() {
    stderr_of(&run_child("streams").output().unwrap());
}

pub(crate) fn told() {
    let told = Streams::default();
    let telemetry = builder().with_tracer(told.clone()).init().unwrap();
    exchange(1_000, 1_001);
    let expected = [
        ("client bytes received", 3 * 1_000 + 7),
        ("client bytes sent", 3 * 999 + 7),
        ("client finish", 1),
        ("client header", 1),
        ("client last received", 7),
        ("client last sent", 7),
        ("client messages received", 1_001),
        ("client messages sent", 1_000),
        ("client received", 1_000),
        ("client sent", 1_000),
        ("client start", 1),
        ("server bytes received", 3 * 999 + 7),
        ("server bytes sent", 3 * 1_000 + 7),
        ("server finish", 1),
        ("server last received", 7),
        ("server last sent", 7),
        ("server messages received", 1_000),
        ("server messages sent", 1_001),
        ("server received", 1_000),
        ("server sent", 1_000),
        ("server start", 1),
    ];
    let counts = told.0.lock().unwrap().clone();
    let counts: Vec<_> = counts.iter().map(|(what, n)| (what.as_str(), *n)).collect();
    assert_eq!(counts, expected);

    // The cap is that of one call.
    exchange(1_500, 20_000);
    let counts = told.0.lock().unwrap().clone();
    let told_twice = [
        "client received",
        "client sent",
        "server received",
        "server sent",
    ];
    assert_eq!(told_twice.map(|what| counts[what]), [2_000; 4]);
    let method = r#"rpc_system_name="grpc",rpc_method="shop.Stock/Exchange""#;
    for (name, sum) in [("received", 2_500), ("sent", 21_001)] {
        let name = format!("tracer_rpc_server_{name}_messages_total{{{method}}}");
        assert_eq!(metric(&name), sum, "{name}");
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
