//! The spans of `hyper` and `h2` as they come, from a client and a server of theirs that talk to each other.
#![deny(warnings)]
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

#[cfg(not(hyper_unstable_tracing))]
compile_error!("hyper has spans with `RUSTFLAGS=\"--cfg hyper_unstable_tracing\"` only");

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tracer_runtime::testing::{self, CapturedSpan};
use tracer_runtime::{spawn, traced, tracing_layer};
use tracing::subscriber::with_default;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

/// What hyper starts by itself is below what serves.
#[derive(Clone)]
struct InContext;

impl<F> Executor<F> for InContext
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        spawn(future);
    }
}

#[traced]
async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from(request.uri().path().to_owned())))
}

#[traced]
async fn serve(io: DuplexStream, is_2: bool) {
    let (io, service) = (TokioIo::new(io), service_fn(handle));
    match is_2 {
        true => {
            let connection = server::conn::http2::Builder::new(InContext);
            connection.serve_connection(io, service).await.unwrap();
        }
        false => {
            let connection = server::conn::http1::Builder::new();
            connection.serve_connection(io, service).await.unwrap();
        }
    }
}

#[traced]
async fn call(io: DuplexStream, is_2: bool) {
    let io = TokioIo::new(io);
    let request = Request::new(Full::<Bytes>::default());
    let response = match is_2 {
        true => {
            let (mut sender, connection) =
                client::conn::http2::handshake(InContext, io).await.unwrap();
            spawn(async { connection.await.unwrap() });
            sender.send_request(request).await.unwrap()
        }
        false => {
            let (mut sender, connection) = client::conn::http1::handshake(io).await.unwrap();
            spawn(async { connection.await.unwrap() });
            sender.send_request(request).await.unwrap()
        }
    };
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "/"
    );
}

/// One request, with all that the two crates say at every level.
fn spans(is_2: bool) -> Vec<CapturedSpan> {
    let capture = testing::capture();
    let theirs = filter_fn(|metadata| {
        let target = metadata.target();
        target.starts_with("hyper") || target.starts_with("h2")
    });
    let layers = tracing_subscriber::registry().with(tracing_layer().with_filter(theirs));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let both = async {
        let (client, server) = tokio::io::duplex(1 << 16);
        tokio::join!(serve(server, is_2), call(client, is_2));
    };
    with_default(layers, || {
        runtime.block_on(both);
        // Tasks that go on end here.
        drop(runtime);
    });
    capture.spans()
}

#[track_caller]
fn one<'a>(spans: &'a [CapturedSpan], name: &str) -> &'a CapturedSpan {
    let found: Vec<_> = spans.iter().filter(|span| span.name() == name).collect();
    assert_eq!(found.len(), 1, "{name} among {spans:#?}");
    found[0]
}

#[test]
fn what_hyper_parses_and_encodes_is_below_whoever_polls_the_connection() {
    let spans = spans(false);
    let [call, serve, handle] = ["call", "serve", "handle"].map(|name| one(&spans, name));
    assert_eq!(handle.parent_id, serve.span_id);
    for of in [call, serve] {
        for name in ["parse_headers", "encode_headers"] {
            let is_it = |span: &&CapturedSpan| span.name() == name && span.parent_id == of.span_id;
            let all: Vec<_> = spans.iter().filter(is_it).collect();
            assert!(!all.is_empty(), "{name} of {}: {spans:#?}", of.name());
            for span in all {
                assert_eq!(span.trace_id, of.trace_id);
                assert_eq!(span.callsite.target(), "hyper::proto::h1::role");
            }
        }
    }
    let is_known =
        |span: &&CapturedSpan| span.parent_id != call.span_id && span.parent_id != serve.span_id;
    assert_eq!(spans.iter().filter(is_known).count(), 2, "{spans:#?}");
}

#[test]
fn connections_of_h2_are_traces_of_their_own_and_requests_stay_whole() {
    let spans = spans(true);
    let [call, serve, handle] = ["call", "serve", "handle"].map(|name| one(&spans, name));
    assert_eq!(handle.parent_id, serve.span_id);
    let connections = spans.iter().filter(|span| span.name() == "Connection");
    let connections: Vec<_> = connections.collect();
    let mut peers: Vec<_> = connections
        .iter()
        .filter_map(|span| span.attribute("peer"))
        .collect();
    peers.sort_by_key(|peer| peer.to_string());
    assert_eq!(peers, [&"Client".into(), &"Server".into()]);
    for span in &spans {
        let of = spans.iter().find(|other| other.span_id == span.parent_id);
        match span.name() {
            "call" | "serve" | "Connection" => assert!(!span.parent_id.is_valid(), "{span:?}"),
            // What is left of a connection is dropped wherever that is.
            "clear_pending_capacity" => {}
            _ => assert_eq!(of.map(|of| of.trace_id), Some(span.trace_id), "{span:?}"),
        }
    }
    // What a connection does is in its own trace.
    for connection in connections {
        let polled = spans
            .iter()
            .filter(|span| span.parent_id == connection.span_id);
        assert!(polled.count() > 0, "{connection:?} of {spans:#?}");
        assert_ne!(connection.trace_id, call.trace_id);
        assert_ne!(connection.trace_id, serve.trace_id);
    }
}
