//! Calls of more than one message.

use futures_util::{StreamExt as _, stream};
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::testing::{CapturedSpan, capture};

use super::grpc::{Client, client, path};
use super::service::{Codec, serve};
use super::{block_on, text};

async fn count(
    client: &mut Client,
    wanted: &str,
) -> Result<tonic::Streaming<String>, tonic::Status> {
    client.ready().await.unwrap();
    let request = tonic::Request::new(wanted.to_owned());
    let answer = client
        .server_streaming(request, path("/shop.Stock/Count"), Codec::default())
        .await;
    answer.map(tonic::Response::into_inner)
}

fn traffic(span: &CapturedSpan) -> [String; 2] {
    [
        text(span, "rpc.request.messages"),
        text(span, "rpc.response.messages"),
    ]
}

#[test]
fn a_stream_from_the_server_is_one_call_until_its_last_message() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        let mut answers = count(&mut client, "100").await.unwrap();
        let mut seen = 0;
        while answers.message().await.unwrap().is_some() {
            seen += 1;
        }
        assert_eq!(seen, 100);
    });
    assert_eq!(
        capture.tree(),
        "shop.Stock/Count [ok]\n  shop.Stock/Count [ok]\n"
    );
    for span in capture.spans() {
        assert_eq!(traffic(&span), ["1", "100"], "{:?}", span.kind());
    }
}

#[test]
fn a_stream_that_breaks_has_the_status_of_its_trailers() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        let mut answers = count(&mut client, "2!").await.unwrap();
        while let Ok(Some(_)) = answers.message().await {}
    });
    assert_eq!(
        capture.tree(),
        "shop.Stock/Count [error: that was all]\n  shop.Stock/Count [error: that was all]\n"
    );
    assert_eq!(
        text(&capture.spans()[0], "rpc.response.status_code"),
        "DATA_LOSS"
    );
}

#[test]
fn a_stream_that_the_client_leaves_is_cancelled_on_both_sides() {
    let capture = capture();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    runtime.block_on(capture.run(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        // Too much for the windows of the connection: the server cannot have sent it all.
        let mut answers = count(&mut client, "10000000").await.unwrap();
        answers.message().await.unwrap();
    }));
    // Waits until the server has heard of it.
    assert_eq!(
        capture.tree(),
        "shop.Stock/Count [cancelled]\n  shop.Stock/Count [cancelled]\n"
    );
}

#[test]
fn messages_of_the_client_are_counted_too() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url).await;
        client.ready().await.unwrap();
        let parts = stream::iter((0..10).map(|i| i.to_string()));
        let request = tonic::Request::new(parts);
        let answer = client
            .client_streaming(request, path("/shop.Stock/Join"), Codec::default())
            .await;
        let joined: String = answer.unwrap().into_inner();
        assert_eq!(joined, "0123456789");

        client.ready().await.unwrap();
        let parts = stream::iter((0..5).map(|i| i.to_string()));
        let request = tonic::Request::new(parts);
        let answer = client
            .streaming(request, path("/shop.Stock/Echo"), Codec::default())
            .await;
        let echoes: tonic::Streaming<String> = answer.unwrap().into_inner();
        assert_eq!(echoes.count().await, 5);
    });
    let spans = capture.spans();
    for span in &spans {
        let expected = match span.name() {
            "shop.Stock/Join" => ["10", "1"],
            _ => ["5", "5"],
        };
        assert_eq!(traffic(span), expected, "{} {:?}", span.name(), span.kind());
    }
    assert_eq!(spans.len(), 4);
}
