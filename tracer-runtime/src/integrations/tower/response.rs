//! From the head of a response to the end of its body, which is the end of the call.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, Response, StatusCode, header::CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::grpc;
use super::watch::{Watch, Way, failure};
use crate::rpc::{RpcCall, RpcStatus, StreamEventKind};

pin_project! {
    /// The body of a response, whose end is the end of the call.
    ///
    /// Dropped before its end, the call is `cancelled`; that of an HTTP client that has seen the head went as the head says.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: Option<B>,
        under_way: Option<UnderWay>,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // What makes the body is cancelled within the call, before it is over.
            if let Some(UnderWay { call: Some(call), watch, .. }) = this.under_way
                && watch.way() == Way::Sent
            {
                call.within(|| this.inner.set(None));
            }
        }
    }
}

/// A call whose response is being read.
#[derive(Debug)]
struct UnderWay {
    /// `None` when it is over.
    call: Option<RpcCall>,
    watch: Watch,
    /// From gRPC's trailers, and what it says.
    status: Option<(RpcStatus, Option<String>)>,
    /// Of the body, where the head says.
    length: Option<u64>,
    /// Whoever reads it may stop when it likes.
    may_stop: bool,
}

impl<B> ResponseBody<B> {
    /// Of a call that nobody looks at.
    pub(super) fn passed_over(inner: B) -> Self {
        Self {
            inner: Some(inner),
            under_way: None,
        }
    }

    /// Without a body.
    pub(super) fn empty() -> Self {
        Self {
            inner: None,
            under_way: None,
        }
    }
}

/// Goes on with a call whose response has begun.
pub(crate) fn begun<B: Body>(
    call: RpcCall,
    way: Way,
    is_grpc: bool,
    is_head: bool,
    response: Response<B>,
) -> Response<ResponseBody<B>> {
    if call.info().is_none() {
        return response.map(ResponseBody::passed_over);
    }
    // After a client's usual head of gRPC trailers follow: to ask HTTP/2 whether they do takes longer than to wait for them.
    let goes_on = is_grpc && way == Way::Received && response.status() == StatusCode::OK;
    let head = Head {
        status: response.status(),
        headers: response.headers(),
        is_head,
        is_empty: !goes_on && response.body().is_end_stream(),
    };
    let under_way = head.begin(call, way, is_grpc);
    response.map(|inner| ResponseBody {
        inner: Some(inner),
        under_way,
    })
}

/// What is known of a response when it begins.
struct Head<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    is_head: bool,
    is_empty: bool,
}

impl Head<'_> {
    /// Nothing is under way any more where the head is all. One piece of code, whatever the body is.
    #[inline(never)]
    fn begin(&self, call: RpcCall, way: Way, is_grpc: bool) -> Option<UnderWay> {
        let mut under_way = UnderWay {
            call: None,
            watch: Watch::new(way, is_grpc),
            status: None,
            length: None,
            may_stop: way == Way::Received && !is_grpc,
        };
        if !is_grpc {
            call.set_status(RpcStatus::Http(self.status.as_u16()));
            under_way.length = content_length(self.headers);
        } else {
            // A server's own head says it alone where no body follows.
            if way == Way::Received || self.is_empty {
                under_way.status = grpc::status(self.headers);
            }
            if self.status != StatusCode::OK {
                call.set_status(status_of_http(self.status));
            }
        }
        under_way.call = Some(call);
        if self.is_bodyless() || under_way.status.is_some() {
            under_way.finish();
            return None;
        }
        Some(under_way)
    }

    fn is_bodyless(&self) -> bool {
        let is_no_content = matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        self.is_empty || self.is_head || is_no_content
    }
}

/// Messages of gRPC say themselves how long they are; other bodies do it here.
#[inline(never)]
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What a gRPC client makes of a response that is no gRPC.
///
/// <https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>
const fn status_of_http(status: StatusCode) -> RpcStatus {
    RpcStatus::Grpc(match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    })
}

/// The stream of a gRPC call is closed, well or not.
pub(super) fn tell_finish(call: &RpcCall, error: Option<&str>) {
    if let Some(info) = call.info() {
        info.stream_event(StreamEventKind::Finish, 0, error);
    }
}

/// Ends a call of gRPC whose status is an error.
#[cold]
#[inline(never)]
fn fail_by(call: RpcCall, status: RpcStatus, message: Option<String>) {
    let failure = grpc::failure(status, message);
    let said = failure.message.as_deref().unwrap_or(&failure.error_type);
    tell_finish(&call, Some(said));
    call.fail_with(failure);
}

impl UnderWay {
    fn finish(&mut self) {
        let Some(call) = self.call.take() else { return };
        let Some(info) = call.info() else { return };
        self.watch.end(info);
        let said = self.status.take();
        if !self.watch.is_grpc() {
            return call.finish();
        }
        // A body that ends without trailers was cut off.
        let (status, message) = said.unwrap_or((RpcStatus::Grpc(2), None));
        call.set_status(status);
        let status = info.status().unwrap_or(status);
        if status.is_error(info.kind()) {
            return fail_by(call, status, message);
        }
        info.stream_event(StreamEventKind::Finish, 0, None);
        call.finish();
    }

    #[cold]
    #[inline(never)]
    fn fail<E: fmt::Display>(&mut self, error: &E) {
        if let Some(call) = self.call.take() {
            if let Some(info) = call.info() {
                self.watch.fail(info, error);
            }
            if self.watch.is_grpc() {
                tell_finish(&call, Some(&error.to_string()));
            }
            call.fail_with(failure(error));
        }
    }

    /// The trailers have gone through.
    fn trailers(&mut self, trailers: &HeaderMap) {
        if self.watch.is_grpc() {
            self.status = grpc::status(trailers);
        }
    }

    /// A client's gRPC response: to ask HTTP/2 for its end takes longer than to wait for it.
    fn ends_by_trailers(&self) -> bool {
        self.watch.is_grpc() && self.watch.way() == Way::Received
    }

    /// Whether all of it has gone through, as far as the head says.
    fn is_complete(&self) -> bool {
        let info = self.call.as_ref().and_then(RpcCall::info);
        let went = info.map(|info| match self.may_stop {
            true => info.stats().recv_size(),
            false => info.stats().send_size(),
        });
        self.length.is_some() && self.length == went
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(call) = &self.call else { return };
        if self.watch.is_grpc() {
            tell_finish(call, None);
        } else if !std::thread::panicking() && (self.may_stop || self.is_complete()) {
            self.finish();
        }
    }
}

impl<B: Body<Error: fmt::Display>> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(under_way) = this.under_way else {
            return inner.poll_frame(task);
        };
        let Some(call) = &mut under_way.call else {
            return inner.poll_frame(task);
        };
        if let Some(info) = call.info() {
            under_way.watch.begin(info);
        }
        let mut polled = Poll::Pending;
        let mut poll = || polled = inner.as_mut().poll_frame(task);
        match under_way.watch.way() {
            Way::Sent => call.within(poll),
            // Nothing of the user's runs in it.
            Way::Received => poll(),
        }
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => under_way.finish(),
            Poll::Ready(Some(Err(error))) => under_way.fail(error),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    if let Some(info) = call.info() {
                        under_way.watch.data(info, data);
                    }
                } else if let Some(trailers) = frame.trailers_ref() {
                    under_way.trailers(trailers);
                }
                // Whoever reads it need not ask again.
                if frame.is_trailers() || (!under_way.ends_by_trailers() && inner.is_end_stream()) {
                    under_way.finish();
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Some(inner) => inner.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}
