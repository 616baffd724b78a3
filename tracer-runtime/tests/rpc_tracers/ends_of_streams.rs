//! How a stream ends, told once.

use std::panic::catch_unwind;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracer_runtime::integrations::reqwest::CallMiddleware;
use tracer_runtime::integrations::tower::{ClientLayer, Observed, ServerLayer};
use tracer_runtime::{SpanKind, builder};

use crate::messages::{Messages, messages, run};
use crate::support::{run_child, stderr_of};
use crate::told::Diary;

/// What becomes of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Refused,
    Waits,
    Panics,
    LosesItsLine,
    SaysWhatIsWrong,
    IsLeft,
}

async fn answer(fate: Fate) -> Result<Response<Messages>, &'static str> {
    match fate {
        Fate::Refused => return Err("closed today"),
        Fate::Waits => std::future::pending().await,
        Fate::Panics => panic!("on purpose"),
        _ => {}
    }
    let mut status = HeaderMap::new();
    status.insert("grpc-status", "13".parse().unwrap());
    status.insert("grpc-message", "it burns".parse().unwrap());
    let last = match fate {
        Fate::LosesItsLine => Err("the line is cut"),
        _ => Ok(Frame::trailers(status)),
    };
    let message = Frame::data(Bytes::from_static(&[0, 0, 0, 0, 1, b'x']));
    let body = StreamBody::new(stream::iter([Ok(message), last]));
    let mut response = Response::new(BoxBody::new(body));
    let content_type = "application/grpc".parse().unwrap();
    response.headers_mut().insert("content-type", content_type);
    Ok(response)
}

/// A call whose fate is known.
pub(crate) fn suffer(fate: Fate) {
    let handler = service_fn(move |_: Request<Observed<Messages>>| answer(fate));
    let server = ServerLayer::new().layer(handler);
    let client = ClientLayer::new().layer(service_fn(move |request: Request<_>| {
        server.clone().oneshot(request.map(BoxBody::new))
    }));
    let request = Request::post("/shop.Stock/Suffer").header("content-type", "application/grpc");
    let request = request.body(messages(0, false)).unwrap();
    let mut task = Context::from_waker(Waker::noop());
    let mut answer = Box::pin(client.oneshot(request));
    let Poll::Ready(Ok(response)) = answer.as_mut().poll(&mut task) else {
        return;
    };
    let mut body = response.into_body();
    run(body.frame()).unwrap().unwrap();
    if fate != Fate::IsLeft {
        let _ = run(body.collect());
    }
}

#[test]
fn the_end_of_a_stream_is_told_once_whatever_becomes_of_it() {
    stderr_of(&run_child("streams that break").output().unwrap());
}

pub(crate) fn told() {
    std::panic::set_hook(Box::new(|_| {}));
    let diary = Diary::default();
    let telemetry = builder().with_tracer(diary.clone()).init().unwrap();
    for (fate, client, server) in [
        (
            Fate::Refused,
            ["Finish: closed today", "is error"].as_slice(),
            ["Finish: closed today", "is error"].as_slice(),
        ),
        (
            Fate::Waits,
            &["Finish", "is cancelled"],
            &["Finish", "is cancelled"],
        ),
        (
            Fate::Panics,
            &["Finish: on purpose", "is panic"],
            &["Finish: on purpose", "is panic"],
        ),
        (
            Fate::LosesItsLine,
            &[
                "HeaderReceived",
                "Received",
                "Received: the line is cut",
                "Finish: the line is cut",
                "is error",
            ],
            &[
                "Sent",
                "Sent: the line is cut",
                "Finish: the line is cut",
                "is error",
            ],
        ),
        (
            Fate::SaysWhatIsWrong,
            &["HeaderReceived", "Received", "Finish: it burns", "is error"],
            &["Sent", "Finish: it burns", "is error"],
        ),
        (
            Fate::IsLeft,
            &["HeaderReceived", "Received", "Finish", "is cancelled"],
            &["Sent", "Finish", "is cancelled"],
        ),
    ] {
        let suffered = catch_unwind(|| suffer(fate));
        assert_eq!(suffered.is_err(), fate == Fate::Panics, "{fate:?}");
        for (side, expected) in [(SpanKind::Client, client), (SpanKind::Server, server)] {
            let told = diary.told(side);
            assert_eq!(told[0], "Start", "{side:?} of {fate:?}");
            assert_eq!(told[1..], *expected, "{side:?} of {fate:?}");
        }
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}

/// What becomes of a request before there is an answer.
async fn refuse(fate: Fate) -> &'static str {
    match fate {
        Fate::Waits => std::future::pending().await,
        _ => "closed today",
    }
}

fn request() -> reqwest::Request {
    let request = reqwest::Client::new().post("http://shop.example/shop.Stock/Suffer");
    let request = request.header("content-type", "application/grpc");
    request.build().unwrap()
}

/// A `reqwest::Client` behind the layer.
fn suffer_as_a_service(fate: Fate) {
    let refused =
        move |_: reqwest::Request| async move { Err::<reqwest::Response, _>(refuse(fate).await) };
    let client = ClientLayer::new().layer(service_fn(refused));
    let mut task = Context::from_waker(Waker::noop());
    let answer = Box::pin(client.oneshot(request())).as_mut().poll(&mut task);
    assert_eq!(answer.is_pending(), fate == Fate::Waits);
}

struct Refusing(Fate);

#[async_trait::async_trait]
impl reqwest_middleware::Middleware for Refusing {
    async fn handle(
        &self,
        _request: reqwest::Request,
        _extensions: &mut http::Extensions,
        _next: reqwest_middleware::Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        let why = std::io::Error::other(refuse(self.0).await);
        Err(reqwest_middleware::Error::middleware(why))
    }
}

/// A client with the middleware.
fn suffer_behind_a_middleware(fate: Fate) {
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(CallMiddleware::new())
        .with(Refusing(fate))
        .build();
    let mut task = Context::from_waker(Waker::noop());
    let answer = Box::pin(client.execute(request())).as_mut().poll(&mut task);
    assert_eq!(answer.is_pending(), fate == Fate::Waits);
}

#[test]
fn the_end_of_a_stream_that_reqwest_never_began_is_told_too() {
    stderr_of(&run_child("requests that fail").output().unwrap());
}

pub(crate) fn told_of_reqwest() {
    let diary = Diary::default();
    let telemetry = builder().with_tracer(diary.clone()).init().unwrap();
    let ways: [fn(Fate); 2] = [suffer_as_a_service, suffer_behind_a_middleware];
    for (number, suffer) in ways.into_iter().enumerate() {
        suffer(Fate::Refused);
        let told = diary.told(SpanKind::Client);
        assert_eq!(
            told,
            ["Start", "Finish: closed today", "is error"],
            "{number}"
        );
        suffer(Fate::Waits);
        let told = diary.told(SpanKind::Client);
        assert_eq!(told, ["Start", "Finish", "is cancelled"], "{number}");
    }
    telemetry.shutdown(Duration::from_secs(1)).unwrap();
}
