//! A tonic server and a tonic channel, each behind its layer.

use std::time::Duration;

use http::Request;
use http::uri::PathAndQuery;
use tonic::Code;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tower::ServiceExt as _;
use tracer_runtime::integrations::tower::{ClientLayer, ClientService, ServerLayer};
use tracer_runtime::testing::capture;
use tracer_runtime::{CallOutcome, SpanKind, rpc, traced};

use super::service::{Codec, serve};
use super::{block_on, events, text};

pub(super) type Client = Grpc<ClientService<Channel>>;

pub(super) async fn client(url: &str) -> Client {
    let channel = Endpoint::from_shared(url.to_owned())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let to = rpc::Endpoint::new("stock").with_address("stock.local:50051");
    let service = tower::ServiceBuilder::new()
        .layer(ClientLayer::new().with_to(to))
        .service(channel);
    Grpc::new(service)
}

pub(super) fn path(path: &'static str) -> PathAndQuery {
    PathAndQuery::from_static(path)
}

async fn ask(
    client: &mut Client,
    method: &'static str,
    what: &str,
) -> Result<String, tonic::Status> {
    client.ready().await.unwrap();
    let request = tonic::Request::new(what.to_owned());
    let answer = client.unary(request, path(method), Codec::default()).await;
    answer.map(tonic::Response::into_inner)
}

#[traced]
async fn buy(client: &mut Client, what: &str) -> bool {
    ask(client, "/shop.Stock/Reserve", what).await.is_ok()
}

#[test]
fn both_sides_of_a_call_are_one_trace() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        assert!(buy(&mut client(&url).await, "apple").await);
    });
    assert_eq!(
        capture.tree(),
        "buy [ok]\n  shop.Stock/Reserve [ok]\n    shop.Stock/Reserve [ok]\n      reserve [ok]\n"
    );
    let spans = capture.spans();
    let (client, server) = (&spans[1], &spans[2]);
    assert_eq!(
        (client.kind(), server.kind()),
        (SpanKind::Client, SpanKind::Server)
    );
    for span in [client, server] {
        for (key, value) in [
            ("rpc.system.name", "grpc"),
            ("rpc.method", "shop.Stock/Reserve"),
            ("rpc.response.status_code", "OK"),
            ("rpc.request.messages", "1"),
            ("rpc.request.size", "7"),
            ("rpc.response.messages", "1"),
            ("rpc.response.size", "16"),
            ("error.type", "none"),
        ] {
            assert_eq!(text(span, key), value, "{key} of {:?}", span.kind());
        }
    }
    assert_eq!(text(client, "server.address"), "stock.local");
    assert_eq!(text(client, "service.peer.name"), "stock");
    assert_eq!(text(server, "server.address"), "127.0.0.1");
    let (client, server) = (events(client), events(server));
    assert_eq!(client.first(), Some(&"rpc_start"));
    assert_eq!(client.last(), Some(&"rpc_finish"));
    for event in [
        "stream_start",
        "stream_send",
        "stream_recv_header",
        "stream_recv",
        "stream_finish",
    ] {
        assert!(client.contains(&event), "{event} in {client:?}");
    }
    for event in [
        "stream_start",
        "stream_recv",
        "server_handle_start",
        "stream_send",
        "stream_finish",
    ] {
        assert!(server.contains(&event), "{event} in {server:?}");
    }
    assert!(!server.contains(&"stream_recv_header"), "{server:?}");
}

#[test]
fn a_handler_knows_how_it_is_called() {
    let _capture = capture();
    let handler = tower::service_fn(|request: Request<axum::body::Body>| async move {
        let rpc = request.extensions().get::<rpc::RpcInfo>().unwrap();
        assert_eq!(rpc.config().rpc_timeout(), Some(Duration::from_millis(250)));
        assert_eq!(rpc.config().protocol(), "http/2");
        assert_eq!(
            (rpc.from().service_name(), rpc.from().method()),
            ("front", "buy")
        );
        let called = rpc.invocation();
        assert_eq!((called.package(), called.method()), ("shop.v1", "Reserve"));
        Ok::<_, std::convert::Infallible>(tonic::Status::ok("").into_http::<axum::body::Body>())
    });
    let request = Request::post("/shop.v1.Stock/Reserve")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("grpc-timeout", "250m")
        .header("source-service", "front")
        .header("source-method", "buy");
    let request = request.body(axum::body::Body::empty()).unwrap();
    let service = tower::ServiceBuilder::new()
        .layer(ServerLayer::new())
        .service(handler);
    block_on(service.oneshot(request)).unwrap();
}

/// A head that is the trailers as well: nothing follows, and nobody asks for more.
#[test]
fn a_head_with_a_status_is_all_of_the_answer() {
    let capture = capture();
    let handler = tower::service_fn(|_: Request<_>| async {
        let status = tonic::Status::not_found("no apples");
        Ok::<_, std::convert::Infallible>(status.into_http::<axum::body::Body>())
    });
    let service = tower::ServiceBuilder::new()
        .layer(ClientLayer::new())
        .layer(ServerLayer::new())
        .service(handler);
    let request = Request::post("/shop.Stock/Reserve")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .body(axum::body::Body::empty())
        .unwrap();
    drop(block_on(service.oneshot(request)).unwrap());
    let spans = capture.spans();
    for (kind, outcome) in [
        (SpanKind::Client, CallOutcome::Error),
        (SpanKind::Server, CallOutcome::Ok),
    ] {
        let span = spans.iter().find(|span| span.kind() == kind).unwrap();
        assert_eq!(span.outcome, Some(outcome), "{kind:?}");
        assert_eq!(text(span, "rpc.response.status_code"), "NOT_FOUND");
    }
}

#[traced(
    client,
    rpc(system = "grpc", service = "shop.Stock", method = "Reserve")
)]
async fn reserve_twice(client: &mut Client) -> Result<String, tonic::Status> {
    let _ = ask(client, "/shop.Stock/Reserve", "unicorn").await;
    ask(client, "/shop.Stock/Reserve", "apple").await
}

#[test]
fn requests_of_a_client_function_are_its_attempts() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        reserve_twice(&mut client(&url).await).await.unwrap();
    });
    assert_eq!(
        capture.tree(),
        "reserve_twice [ok]\n\
         \x20 shop.Stock/Reserve [error: no unicorns]\n    shop.Stock/Reserve [ok]\n      reserve [error: no unicorns]\n\
         \x20 shop.Stock/Reserve [ok]\n    shop.Stock/Reserve [ok]\n      reserve [ok]\n"
    );
    let attempts: Vec<_> = capture
        .spans()
        .iter()
        .map(|span| text(span, "rpc.attempt"))
        .collect();
    assert_eq!(attempts, ["1", "none", "none", "none", "1", "none", "none"]);
}

#[test]
fn a_status_is_an_error_for_whom_the_conventions_say() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        let missing = ask(&mut client, "/shop.Stock/Reserve", "unicorn")
            .await
            .unwrap_err();
        assert_eq!(missing.code(), Code::NotFound);
        let broken = ask(&mut client, "/shop.Stock/Reserve", "fire")
            .await
            .unwrap_err();
        assert_eq!(broken.code(), Code::Internal);
    });
    assert_eq!(
        capture.tree(),
        "shop.Stock/Reserve [error: no unicorns]\n  shop.Stock/Reserve [ok]\n    reserve [error: no unicorns]\n\
         shop.Stock/Reserve [error: the shop burns]\n  shop.Stock/Reserve [error: the shop burns]\n    reserve [error: the shop burns]\n"
    );
    let spans = capture.spans();
    assert_eq!(text(&spans[0], "error.type"), "NOT_FOUND");
    assert_eq!(text(&spans[1], "rpc.response.status_code"), "NOT_FOUND");
    assert_eq!(text(&spans[1], "error.type"), "none");
}

#[test]
fn a_request_that_cannot_be_decoded_is_one_failed_call_without_its_handler() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        client.ready().await.unwrap();
        // A number where the service reads a text.
        let codec = tonic_prost::ProstCodec::<i64, String>::default();
        let path = path("/shop.Stock/Reserve");
        let answer: Result<tonic::Response<String>, _> =
            client.unary(tonic::Request::new(7), path, codec).await;
        assert_eq!(answer.unwrap_err().code(), Code::Internal);
    });
    let spans = capture.spans();
    let kinds: Vec<_> = spans.iter().map(|span| span.kind()).collect();
    assert_eq!(kinds, [SpanKind::Client, SpanKind::Server]);
    for span in &spans {
        assert_eq!(span.name(), "shop.Stock/Reserve");
        assert_eq!(text(span, "error.type"), "INTERNAL");
        assert_eq!(text(span, "rpc.response.status_code"), "INTERNAL");
    }
}

#[test]
fn a_method_that_does_not_exist_is_one_call_with_no_name_on_the_server() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let status = ask(&mut client(&url).await, "/shop.Stock/MadeUp", "x")
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    });
    assert_eq!(
        capture.tree(),
        "shop.Stock/MadeUp [error]\n  grpc [error]\n"
    );
    let server = &capture.spans()[1];
    assert_eq!(text(server, "rpc.method"), "_OTHER");
    assert_eq!(text(server, "rpc.method_original"), "shop.Stock/MadeUp");
    assert_eq!(text(server, "error.type"), "UNIMPLEMENTED");
}

#[test]
fn a_panic_is_answered_as_internal_when_asked() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new().answering_panics()).await;
        let status = ask(&mut client(&url).await, "/shop.Stock/Reserve", "bomb")
            .await
            .unwrap_err();
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "the handler panicked")
        );
    });
    assert_eq!(
        capture.tree(),
        "shop.Stock/Reserve [error: the handler panicked]\n  shop.Stock/Reserve [panic]\n    reserve [panic]\n"
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_an_error_of_the_client() {
    let capture = capture();
    block_on(async {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        let channel = Endpoint::from_shared(url).unwrap().connect_lazy();
        let service = tower::ServiceBuilder::new()
            .layer(ClientLayer::new())
            .service(channel);
        let mut client = Grpc::new(service);
        client.ready().await.unwrap();
        let request = tonic::Request::new("apple".to_owned());
        let answer: Result<tonic::Response<String>, _> = client
            .unary(request, path("/shop.Stock/Reserve"), Codec::default())
            .await;
        assert_eq!(answer.unwrap_err().code(), Code::Unavailable);
    });
    let tree = capture.tree();
    assert!(tree.starts_with("shop.Stock/Reserve [error: "), "{tree}");
    let expected = ["rpc_start", "stream_start", "stream_finish", "rpc_finish"];
    assert_eq!(events(&capture.spans()[0]), expected);
}
