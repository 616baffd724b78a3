//! Messages that gRPC compresses: counted one by one, and with the bytes that travel.

use futures_util::{StreamExt as _, stream};
use tonic::codec::CompressionEncoding;
use tracer_runtime::integrations::tower::ServerLayer;
use tracer_runtime::testing::{CapturedSpan, capture};

use super::grpc::{Client, client, path};
use super::service::{Codec, serve};
use super::{block_on, text};

/// Of each message; a hundredth of it is left when it is compressed.
const LENGTH: usize = 100_000;

fn long(letter: char) -> String {
    letter.to_string().repeat(LENGTH)
}

async fn compressing(url: &str) -> Client {
    let mut client = client(url)
        .await
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip);
    client.ready().await.unwrap();
    client
}

fn size(span: &CapturedSpan, key: &str) -> usize {
    text(span, key).parse().unwrap()
}

/// Both sides have counted the same; what went each way, in messages and bytes.
#[track_caller]
fn traffic(spans: &[CapturedSpan]) -> [(usize, usize); 2] {
    let of = |span: &CapturedSpan| {
        [
            (
                size(span, "rpc.request.messages"),
                size(span, "rpc.request.size"),
            ),
            (
                size(span, "rpc.response.messages"),
                size(span, "rpc.response.size"),
            ),
        ]
    };
    let [client, server] = spans else {
        panic!("{} spans", spans.len());
    };
    assert_eq!(of(client), of(server));
    of(client)
}

/// Of so many messages, compressed one by one.
#[track_caller]
fn assert_compressed((messages, bytes): (usize, usize), expected: usize) {
    assert_eq!(messages, expected);
    let one = bytes / messages;
    assert!((10..LENGTH / 100).contains(&one), "{bytes} bytes");
}

#[test]
fn compressed_messages_are_counted_both_ways_with_the_bytes_that_travel() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = compressing(&url).await;
        let messages = stream::iter(['a', 'b', 'c'].map(long));
        let request = tonic::Request::new(messages);
        let answer = client
            .streaming(request, path("/shop.Stock/Echo"), Codec::default())
            .await;
        let echoes: tonic::Streaming<String> = answer.unwrap().into_inner();
        let echoes: Vec<_> = echoes.map(Result::unwrap).collect().await;
        assert_eq!(echoes, ['a', 'b', 'c'].map(long));
    });
    let [request, response] = traffic(&capture.spans());
    assert_compressed(request, 3);
    assert_compressed(response, 3);
}

#[test]
fn what_only_one_side_compresses_is_counted_as_it_travels() {
    let capture = capture();
    block_on(async {
        let url = serve(ServerLayer::new()).await;
        let mut client = client(&url)
            .await
            .send_compressed(CompressionEncoding::Gzip);
        client.ready().await.unwrap();
        let parts = stream::iter([long('a'), long('b')]);
        let answer = client
            .client_streaming(
                tonic::Request::new(parts),
                path("/shop.Stock/Join"),
                Codec::default(),
            )
            .await;
        let joined: String = answer.unwrap().into_inner();
        assert_eq!(joined.len(), 2 * LENGTH);
    });
    let [request, (messages, bytes)] = traffic(&capture.spans());
    assert_compressed(request, 2);
    // The text, its tag and its length.
    assert_eq!((messages, bytes), (1, 2 * LENGTH + 4));
}
