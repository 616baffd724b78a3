//! Handlers continue the trace of their caller, clients pass theirs on: W3C trace context, found by type.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::future::Future;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;
use tracer_runtime::testing::{Capture, CapturedSpan, capture};
use tracer_runtime::{CallOutcome, SpanId, SpanKind, traced};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn traceparent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[track_caller]
fn only(capture: &Capture) -> CapturedSpan {
    let mut spans = capture.spans();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

#[track_caller]
fn assert_continues(span: &CapturedSpan) {
    assert_eq!(span.trace_id.to_string(), TRACE);
    assert_eq!(span.parent_id.to_string(), PARENT);
}

#[track_caller]
fn assert_is_a_new_trace(span: &CapturedSpan) {
    assert_ne!(span.trace_id.to_string(), TRACE);
    assert_eq!(span.parent_id, SpanId::INVALID);
}

#[traced(server)]
fn handle(headers: &HeaderMap) -> usize {
    headers.len()
}

/// Tests run side by side, and many have the same id in their headers.
#[test]
fn captures_of_other_threads_keep_out_of_a_trace_from_elsewhere() {
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", traceparent().parse().unwrap());
    let mine = capture();
    handle(&headers);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let theirs = capture();
            handle(&headers);
            assert_eq!(theirs.spans().len(), 1);
        });
    });
    let inner = capture();
    handle(&headers);
    assert_eq!((mine.spans().len(), inner.spans().len()), (1, 1));
}

#[traced(client)]
async fn ask(headers: HeaderMap) -> usize {
    // Another thread of the same process answers.
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| {
            let _theirs = capture();
            handle(&headers)
        });
        answer.join().unwrap()
    })
}

#[test]
fn a_trace_that_began_in_a_capture_stays_there_on_other_threads() {
    let capture = capture();
    assert_eq!(block_on(ask(HeaderMap::new())), 1);
    assert_eq!(capture.tree(), "ask [ok]\n  handle [ok]\n");
}

mod axum_handlers {
    use super::*;

    #[traced(server, args(id))]
    async fn by_request(
        State(limit): State<u64>,
        Path(id): Path<u64>,
        request: Request<Body>,
    ) -> StatusCode {
        tokio::task::yield_now().await;
        let known = request.headers().contains_key("traceparent");
        match (id > limit, known) {
            (true, _) => StatusCode::INTERNAL_SERVER_ERROR,
            (false, true) => StatusCode::OK,
            (false, false) => StatusCode::NOT_FOUND,
        }
    }

    #[traced(server)]
    async fn by_headers(headers: HeaderMap) -> Result<String, (StatusCode, String)> {
        if headers.contains_key("refused") {
            return Err((StatusCode::SERVICE_UNAVAILABLE, "busy".to_owned()));
        }
        Ok("fine".to_owned())
    }

    fn call(path: &str, headers: &[(&str, &str)]) -> (StatusCode, CapturedSpan) {
        let app = Router::new()
            .route("/orders/{id}", get(by_request))
            .route("/headers", get(by_headers))
            .with_state(100_u64);
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let capture = capture();
        let response = block_on(app.oneshot(request)).unwrap();
        (response.status(), only(&capture))
    }

    #[test]
    fn continue_the_trace_in_the_request() {
        let (status, span) = call("/orders/7", &[("traceparent", &traceparent())]);
        assert_eq!(status, StatusCode::OK);
        assert_continues(&span);
        assert_eq!(span.callsite.kind(), SpanKind::Server);
        assert_eq!(span.outcome, Some(CallOutcome::Ok));
    }

    #[test]
    fn continue_the_trace_in_the_headers() {
        let (_, span) = call("/headers", &[("traceparent", &traceparent())]);
        assert_continues(&span);
    }

    #[test]
    fn begin_a_trace_without_one() {
        assert_is_a_new_trace(&call("/orders/7", &[]).1);
        assert_is_a_new_trace(&call("/headers", &[]).1);
    }

    #[test]
    fn begin_a_trace_when_it_is_malformed() {
        let good = traceparent();
        let upper = good.to_uppercase();
        let all_zero = format!("00-{}-{PARENT}-01", "0".repeat(32));
        let no_parent = format!("00-{TRACE}-{}-01", "0".repeat(16));
        let long = format!("{good}-more");
        let forbidden = format!("ff{}", &good[2..]);
        let spaced = good.replace('-', " ");
        for bad in [
            "",
            "00",
            "garbage",
            &good[1..],
            &good[..54],
            &upper,
            &all_zero,
            &no_parent,
            &long,
            &forbidden,
            &spaced,
        ] {
            assert_is_a_new_trace(&call("/orders/7", &[("traceparent", bad)]).1);
        }
    }

    #[test]
    fn begin_a_trace_when_there_are_two() {
        let parent = traceparent();
        let twice = [("traceparent", &*parent), ("traceparent", &*parent)];
        assert_is_a_new_trace(&call("/headers", &twice).1);
    }

    #[test]
    fn take_a_later_version() {
        let later = format!("cc{}-what-comes-next", &traceparent()[2..]);
        assert_continues(&call("/headers", &[("traceparent", &later)]).1);
    }

    #[test]
    fn end_by_their_status() {
        let (status, span) = call("/orders/101", &[("traceparent", &traceparent())]);
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(span.failure.unwrap().error_type, "500");
        let (_, span) = call("/orders/1", &[]);
        assert_eq!(
            span.outcome,
            Some(CallOutcome::Ok),
            "404 is the client's error"
        );
        let (_, span) = call("/headers", &[("refused", "1")]);
        assert_eq!(span.failure.unwrap().error_type, "503");
    }
}

mod tonic_services {
    use super::*;
    use tonic::{Request, Response, Status};

    #[tonic::async_trait]
    trait Greeter {
        async fn greet(&self, request: Request<String>) -> Result<Response<String>, Status>;
    }

    struct ByMethod;
    struct ByImpl;

    #[tonic::async_trait]
    impl Greeter for ByMethod {
        #[traced(server)]
        async fn greet(&self, request: Request<String>) -> Result<Response<String>, Status> {
            tokio::task::yield_now().await;
            if request.get_ref().is_empty() {
                return Err(Status::internal("no name"));
            }
            Ok(Response::new(request.into_inner()))
        }
    }

    #[traced(server)]
    #[tonic::async_trait]
    impl Greeter for ByImpl {
        async fn greet(&self, request: Request<String>) -> Result<Response<String>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    fn call(greeter: &dyn Greeter, name: &str, parent: Option<&str>) -> CapturedSpan {
        let mut request = Request::new(name.to_owned());
        if let Some(parent) = parent {
            let parent = parent.parse().unwrap();
            request.metadata_mut().insert("traceparent", parent);
        }
        let capture = capture();
        let _ = block_on(greeter.greet(request));
        only(&capture)
    }

    #[test]
    fn continue_the_trace_in_the_metadata() {
        for greeter in [&ByMethod as &dyn Greeter, &ByImpl] {
            let span = call(greeter, "x", Some(&traceparent()));
            assert_continues(&span);
            assert_eq!(span.callsite.kind(), SpanKind::Server);
            assert_eq!(span.outcome, Some(CallOutcome::Ok));
        }
    }

    #[test]
    fn begin_a_trace_without_one_or_when_it_is_malformed() {
        for greeter in [&ByMethod as &dyn Greeter, &ByImpl] {
            assert_is_a_new_trace(&call(greeter, "x", None));
            assert_is_a_new_trace(&call(greeter, "x", Some("garbage")));
        }
    }

    #[test]
    fn end_by_their_code() {
        let failure = call(&ByMethod, "", Some(&traceparent())).failure.unwrap();
        assert_eq!(failure.error_type, "INTERNAL");
        assert_eq!(failure.message.as_deref(), Some("no name"));
    }
}

mod clients {
    use super::*;

    fn sent_by_http(headers: &HeaderMap) -> String {
        headers["traceparent"].to_str().unwrap().to_owned()
    }

    #[traced(client)]
    async fn http_by_value(_n: u32, request: Request<()>) -> String {
        sent_by_http(request.headers())
    }

    #[traced(client)]
    async fn http_by_reference(request: &mut Request<()>) -> String {
        tokio::task::yield_now().await;
        sent_by_http(request.headers())
    }

    #[traced(client)]
    async fn headers_by_value(mut headers: HeaderMap) -> String {
        headers.insert("other", "1".parse().unwrap());
        sent_by_http(&headers)
    }

    #[traced(client)]
    async fn headers_by_reference(headers: &mut HeaderMap) -> String {
        sent_by_http(headers)
    }

    fn sent_by_grpc(request: &tonic::Request<u8>) -> String {
        let value = request.metadata().get("traceparent").unwrap();
        value.to_str().unwrap().to_owned()
    }

    #[traced(client)]
    async fn grpc_by_value(request: tonic::Request<u8>) -> String {
        sent_by_grpc(&request)
    }

    #[traced(client)]
    async fn grpc_by_reference(request: &mut tonic::Request<u8>) -> String {
        sent_by_grpc(request)
    }

    #[test]
    fn pass_their_trace_on() {
        type Call<'a> = &'a dyn Fn() -> String;
        let old = || {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", traceparent().parse().unwrap());
            headers
        };
        let calls: [Call<'_>; 6] = [
            &|| block_on(http_by_value(1, Request::new(()))),
            &|| block_on(http_by_reference(&mut Request::new(()))),
            // What was there before is replaced.
            &|| block_on(headers_by_value(old())),
            &|| block_on(headers_by_reference(&mut old())),
            &|| block_on(grpc_by_value(tonic::Request::new(1))),
            &|| block_on(grpc_by_reference(&mut tonic::Request::new(1))),
        ];
        for call in calls {
            let capture = capture();
            let sent = call();
            let span = only(&capture);
            assert_eq!(span.callsite.kind(), SpanKind::Client);
            let expected = format!("00-{}-{}-", span.trace_id, span.span_id);
            assert_eq!(&sent[..53], expected);
            assert!(["01", "03"].contains(&&sent[53..]), "sampled: {sent}");
        }
    }

    #[traced(server)]
    async fn front(headers: HeaderMap) -> (usize, String) {
        let sent = http_by_value(1, Request::new(())).await;
        (headers.len(), sent)
    }

    #[test]
    fn a_trace_goes_through_a_server_to_its_client() {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", traceparent().parse().unwrap());
        headers.insert("tracestate", "vendor=1".parse().unwrap());
        let capture = capture();
        let (_, sent) = block_on(front(headers));
        assert_eq!(&sent[3..35], TRACE);
        assert_eq!(capture.tree(), "front [ok]\n  http_by_value [ok]\n");
    }

    /// What is no carrier is left alone.
    #[traced(client)]
    async fn no_carrier(text: String, n: &mut u32) -> usize {
        *n += 1;
        text.len()
    }

    #[test]
    fn other_parameters_are_left_alone() {
        let mut n = 0;
        assert_eq!(block_on(no_carrier("ab".to_owned(), &mut n)), 2);
        assert_eq!(n, 1);
    }
}
