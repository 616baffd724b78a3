//! An axum router behind the layer.

use std::convert::Infallible;
use std::pin::pin;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::{ServiceBuilder, ServiceExt as _};
use tracer_runtime::integrations::tower::{Filter, ServerLayer};
use tracer_runtime::rpc::{RpcEvent, RpcInfo, StatsLevel};
use tracer_runtime::testing::capture;
use tracer_runtime::{SpanKind, traced};

use super::{block_on, events, named, text};

static AUTH_DONE: RpcEvent = RpcEvent::new("auth_done", StatsLevel::Base);

#[traced]
async fn load(id: u32) -> String {
    if let Some(rpc) = RpcInfo::current() {
        rpc.record(AUTH_DONE);
    }
    format!("order {id}")
}

fn shop() -> Router {
    Router::new()
        .route("/orders/{id}", get(|Path(id): Path<u32>| load(id)))
        .route("/echo", post(|body: Bytes| async move { body }))
        .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }))
        .route("/panics", get(panics))
        .route("/endless", get(endless))
}

async fn panics() -> &'static str {
    panic!("the till is jammed")
}

async fn endless() -> Body {
    let ticks = futures_util::stream::repeat("tick").map(Ok::<_, Infallible>);
    Body::from_stream(ticks)
}

fn request(path: &str) -> Request<Body> {
    Request::get(path)
        .header("host", "shop.local:8080")
        .body(Body::empty())
        .unwrap()
}

async fn body_of(
    response: http::Response<impl http_body::Body<Data = Bytes, Error: std::fmt::Debug>>,
) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[test]
fn the_random_flag_of_the_caller_comes_back_and_none_is_made_up() {
    let _capture = capture();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for (flags, expected) in [(Some("03"), "03"), (Some("01"), "01"), (None, "01")] {
        let mut request = request("/orders/7");
        if let Some(flags) = flags {
            let parent = format!("00-{trace}-b7ad6b7169203331-{flags}");
            let parent = parent.parse().expect("it is a header");
            request.headers_mut().insert("traceparent", parent);
        }
        let response = block_on(shop().layer(ServerLayer::new()).oneshot(request)).unwrap();
        let told = response.headers()["traceresponse"].to_str().unwrap();
        assert_eq!(told.rsplit('-').next(), Some(expected), "{told}");
        assert_eq!(told.contains(trace), flags.is_some(), "{told}");
    }
}

#[test]
fn a_request_is_a_call_named_after_its_route_over_the_handlers_spans() {
    let capture = capture();
    block_on(async {
        let response = shop()
            .layer(ServerLayer::new())
            .oneshot(request("/orders/7?a=1"))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(response.headers().contains_key("traceresponse"));
        assert_eq!(body_of(response).await, "order 7");
    });
    assert_eq!(capture.tree(), "GET /orders/{id} [ok]\n  load [ok]\n");
    let spans = capture.spans();
    let call = named(&spans, "GET /orders/{id}");
    assert_eq!(call.kind(), SpanKind::Server);
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/orders/{id}"),
        ("http.response.status_code", "200"),
        ("url.path", "/orders/7"),
        ("url.query", "a=1"),
        ("url.scheme", "http"),
        ("server.address", "shop.local"),
        ("server.port", "8080"),
        ("rpc.response.size", "7"),
        ("error.type", "none"),
    ] {
        assert_eq!(text(call, key), value, "{key}");
    }
    assert_eq!(
        events(call),
        [
            "rpc_start",
            "server_handle_start",
            "auth_done",
            "server_handle_finish",
            "write_start",
            "write_finish",
            "rpc_finish",
        ]
    );
}

#[test]
fn a_caller_elsewhere_is_the_parent() {
    let capture = capture();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    block_on(async {
        let mut request = request("/orders/7");
        request
            .headers_mut()
            .insert("traceparent", parent.parse().unwrap());
        request
            .headers_mut()
            .insert("x-md-service-name", "front".parse().unwrap());
        let response = shop()
            .layer(ServerLayer::new())
            .oneshot(request)
            .await
            .unwrap();
        body_of(response).await;
    });
    let spans = capture.spans();
    let call = named(&spans, "GET /orders/{id}");
    assert_eq!(
        call.trace_id.to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(call.parent_id.to_string(), "b7ad6b7169203331");
    assert_eq!(text(call, "service.peer.name"), "front");
}

#[test]
fn the_body_of_a_request_is_counted_where_the_handler_reads_it() {
    let capture = capture();
    block_on(async {
        let request = Request::post("/echo")
            .body(Body::from("a few bytes"))
            .unwrap();
        let response = shop()
            .layer(ServerLayer::new())
            .oneshot(request)
            .await
            .unwrap();
        body_of(response).await;
    });
    let spans = capture.spans();
    let call = named(&spans, "POST /echo");
    assert_eq!(
        (
            text(call, "rpc.request.size"),
            text(call, "rpc.response.size")
        ),
        ("11".into(), "11".into())
    );
    let events = events(call);
    assert!(
        events.contains(&"read_start") && events.contains(&"read_finish"),
        "{events:?}"
    );
}

#[test]
fn what_the_server_did_wrong_is_an_error_and_what_nobody_serves_is_not() {
    let capture = capture();
    block_on(async {
        for path in ["/broken", "/nowhere"] {
            let response = shop()
                .layer(ServerLayer::new())
                .oneshot(request(path))
                .await
                .unwrap();
            body_of(response).await;
        }
    });
    assert_eq!(capture.tree(), "GET /broken [error]\nGET [ok]\n");
    let spans = capture.spans();
    assert_eq!(text(named(&spans, "GET /broken"), "error.type"), "502");
    assert_eq!(
        text(named(&spans, "GET"), "http.response.status_code"),
        "404"
    );
}

#[test]
fn a_response_that_is_dropped_half_way_is_cancelled() {
    let capture = capture();
    block_on(async {
        let response = shop()
            .layer(ServerLayer::new())
            .oneshot(request("/endless"))
            .await
            .unwrap();
        let mut body = pin!(response.into_body());
        for _ in 0..3 {
            body.frame().await.unwrap().unwrap();
        }
    });
    assert_eq!(capture.tree(), "GET /endless [cancelled]\n");
    assert_eq!(text(&capture.spans()[0], "rpc.response.size"), "12");
}

#[test]
fn a_request_that_is_dropped_before_its_answer_is_cancelled() {
    let capture = capture();
    block_on(async {
        let stuck = Router::new().route("/", get(std::future::pending::<()>));
        let mut answer = pin!(stuck.layer(ServerLayer::new()).oneshot(request("/")));
        assert!(matches!(
            futures_util::poll!(answer.as_mut()),
            Poll::Pending
        ));
    });
    assert_eq!(capture.tree(), "GET / [cancelled]\n");
}

#[test]
fn what_is_cancelled_with_a_request_stays_in_its_trace() {
    #[traced(fields(db.system.name = "postgresql"))]
    async fn query() {
        tracer_runtime::record("sent", true);
        std::future::pending::<()>().await;
    }
    #[traced]
    async fn load() {
        query().await;
    }
    let capture = capture();
    block_on(async {
        let stuck = Router::new().route("/", get(load));
        let mut answer = pin!(stuck.layer(ServerLayer::new()).oneshot(request("/")));
        assert!(futures_util::poll!(answer.as_mut()).is_pending());
    });
    let expected = "\
GET / [cancelled]
  load [cancelled]
    query [cancelled] {db.system.name=\"postgresql\", sent=true}
";
    assert_eq!(capture.tree(), expected);
    let spans = capture.spans();
    assert_eq!(text(named(&spans, "GET /"), "http.route"), "/");
}

#[test]
fn what_makes_a_body_is_cancelled_within_the_call() {
    #[traced]
    async fn produce() -> Bytes {
        std::future::pending().await
    }
    async fn stream() -> Body {
        Body::from_stream(futures_util::stream::once(async {
            Ok::<_, Infallible>(produce().await)
        }))
    }
    let capture = capture();
    block_on(async {
        let app = Router::new().route("/", get(stream));
        let response = app.layer(ServerLayer::new()).oneshot(request("/")).await;
        let mut body = pin!(response.unwrap().into_body());
        assert!(futures_util::poll!(body.frame()).is_pending());
    });
    assert_eq!(capture.tree(), "GET / [cancelled]\n  produce [cancelled]\n");
}

#[test]
fn a_panic_is_recorded_and_goes_on_unless_it_is_to_be_answered() {
    let resumed = capture();
    block_on(async {
        let answer = shop().layer(ServerLayer::new()).oneshot(request("/panics"));
        let unwound = tokio::spawn(answer).await.unwrap_err();
        assert!(unwound.is_panic());
    });
    assert_eq!(resumed.tree(), "GET /panics [panic]\n");
    assert_eq!(
        text(&resumed.spans()[0], "exception.message"),
        "the till is jammed"
    );
    drop(resumed);

    let answered = capture();
    block_on(async {
        let layer = ServerLayer::new().answering_panics();
        let response = shop()
            .layer(layer)
            .oneshot(request("/panics"))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        body_of(response).await;
    });
    assert_eq!(answered.tree(), "GET /panics [panic]\n");
    assert_eq!(text(&answered.spans()[0], "error.type"), "panic");
}

#[test]
fn what_the_filter_passes_over_is_served_all_the_same() {
    let capture = capture();
    block_on(async {
        let layer = ServerLayer::new().with_filter(Filter::default().without_prefix("/orders/"));
        let response = shop()
            .layer(layer)
            .oneshot(request("/orders/7"))
            .await
            .unwrap();
        assert!(!response.headers().contains_key("traceresponse"));
        assert_eq!(body_of(response).await, "order 7");
    });
    // The handler is a root of its own.
    assert_eq!(capture.tree(), "load [ok]\n");
}

#[test]
fn a_layer_inside_of_another_adds_nothing() {
    let capture = capture();
    block_on(async {
        let app = shop().layer(ServerLayer::new());
        let app = ServiceBuilder::new().layer(ServerLayer::new()).service(app);
        let response = app.oneshot(request("/orders/7")).await.unwrap();
        body_of(response).await;
    });
    assert_eq!(capture.tree(), "GET [ok]\n  load [ok]\n");
}

#[test]
fn it_fits_between_other_layers() {
    let capture = capture();
    block_on(async {
        let pass = axum::middleware::from_fn(
            |request: Request<Body>, next: axum::middleware::Next| async move {
                assert!(request.extensions().get::<RpcInfo>().is_some());
                next.run(request).await
            },
        );
        let app = shop().layer(ServiceBuilder::new().layer(ServerLayer::new()).layer(pass));
        body_of(app.oneshot(request("/orders/7")).await.unwrap()).await;
    });
    assert_eq!(capture.tree(), "GET /orders/{id} [ok]\n  load [ok]\n");
}
