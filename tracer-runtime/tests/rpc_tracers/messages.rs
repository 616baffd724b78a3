//! Messages of gRPC, without a network.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use http_body_util::combinators::BoxBody;

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut task = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut task) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("it waits for nobody"),
    }
}

/// Their errors are texts.
pub(crate) type Messages = BoxBody<Bytes, &'static str>;

/// Messages of gRPC, the last of seven bytes, and then the status.
pub(crate) fn messages(count: usize, trailers: bool) -> Messages {
    let message = move |i: usize| {
        let length = if i + 1 == count { 7 } else { 3 };
        let mut message = BytesMut::new();
        message.put_u8(0);
        message.put_u32(length);
        message.put_bytes(b'x', length as usize);
        Ok::<_, &'static str>(Frame::data(message.freeze()))
    };
    let mut status = HeaderMap::new();
    status.insert("grpc-status", "0".parse().unwrap());
    let last = trailers.then(|| Ok(Frame::trailers(status)));
    let frames: Vec<_> = (0..count).map(message).chain(last).collect();
    BoxBody::new(StreamBody::new(stream::iter(frames)))
}
