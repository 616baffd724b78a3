//! From a request to the head of its response.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::observe::ObserveBody;
use super::response::{self, ResponseBody};
use super::watch::{Way, failure};
use crate::context::RANDOM;
use crate::propagation::traceparent;
use crate::rpc::{RpcCall, RpcStatus, SERVER_HANDLE_FINISH, SERVER_HANDLE_START, StreamEventKind};

/// What is done when the head is there.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(crate) way: Way,
    pub(crate) is_grpc: bool,
    /// Of the method `HEAD`, whose answer has no body.
    pub(crate) is_head: bool,
    pub(crate) answer_panics: bool,
    pub(crate) traceresponse: bool,
    /// The caller has said that all bits of the trace's id are random.
    pub(crate) random: bool,
}

pin_project! {
    /// The response of a service behind a layer.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        // Nothing once it is dropped.
        #[pin]
        inner: Option<F>,
        under_way: Option<(RpcCall, Answering)>,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // Functions that are cancelled with the request find its span, and end before it.
            if let Some((call, answering)) = this.under_way {
                call.within(|| this.inner.set(None));
                answering.abandoned(call);
            }
        }
    }
}

impl<F> ResponseFuture<F> {
    /// Of a request that is about to be handed on.
    pub(super) const fn unsent() -> Self {
        Self {
            inner: None,
            under_way: None,
        }
    }

    /// The request has been handed on.
    pub(super) fn send(&mut self, inner: F) {
        self.inner = Some(inner);
    }

    /// Its call has begun.
    pub(super) fn begin(&mut self, mut call: RpcCall, answering: Answering) {
        call.started();
        if answering.way == Way::Sent {
            call.record(SERVER_HANDLE_START);
        }
        self.under_way = Some((call, answering));
    }

    /// Hands on a request that nobody looks at.
    #[cold]
    #[inline(never)]
    pub(super) fn pass_over<S, B>(service: &mut S, request: Request<B>) -> Self
    where
        B: ObserveBody,
        S: Service<Request<B::Observed>, Future = F>,
    {
        Self {
            inner: Some(service.call(request.map(B::pass_over))),
            under_way: None,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: http_body::Body,
    E: fmt::Display,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending;
        };
        let Some((call, _)) = this.under_way else {
            let response = ready!(inner.poll(task))?;
            return Poll::Ready(Ok(response.map(ResponseBody::passed_over)));
        };
        // What unwinds is passed on, or its request is answered and the service's own state is its own affair.
        let mut polled = Poll::Pending;
        let poll = AssertUnwindSafe(|| polled = inner.poll(task));
        let unwound = call.within(|| catch_unwind(poll)).err();
        if polled.is_pending() && unwound.is_none() {
            return Poll::Pending;
        }
        let Some((call, answering)) = this.under_way.take() else {
            return Poll::Pending;
        };
        if let Some(payload) = unwound {
            return match answering.panicked(call, payload.as_ref()) {
                Some(answer) => Poll::Ready(Ok(answer)),
                None => resume_unwind(payload),
            };
        }
        match ready!(polled) {
            Ok(response) => Poll::Ready(Ok(answering.answered(call, response))),
            Err(error) => {
                answering.failed(call, &error);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl Answering {
    fn answered<B: http_body::Body>(
        self,
        call: RpcCall,
        mut response: Response<B>,
    ) -> Response<ResponseBody<B>> {
        match self.way {
            Way::Sent => call.record(SERVER_HANDLE_FINISH),
            Way::Received if self.is_grpc => {
                if let Some(info) = call.info() {
                    info.stream_event(StreamEventKind::HeaderReceived, 0, None);
                }
            }
            Way::Received => {}
        }
        if self.traceresponse {
            tell_trace(&call, self.random, &mut response);
        }
        response::begun(call, self.way, self.is_grpc, self.is_head, response)
    }

    /// Ends the call, of which there is no answer.
    #[cold]
    #[inline(never)]
    pub(crate) fn failed(&self, call: RpcCall, error: &impl fmt::Display) {
        let failure = failure(error);
        if self.way == Way::Sent {
            call.record(SERVER_HANDLE_FINISH);
        }
        if self.is_grpc {
            response::tell_finish(&call, failure.message.as_deref());
        }
        call.fail_with(failure);
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn abandoned(&self, call: &RpcCall) {
        if self.is_grpc {
            response::tell_finish(call, None);
        }
    }

    /// Ends the call; the answer, where there is to be one.
    #[cold]
    #[inline(never)]
    fn panicked<B>(
        self,
        call: RpcCall,
        payload: &(dyn Any + Send),
    ) -> Option<Response<ResponseBody<B>>> {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        if self.way == Way::Sent {
            let said = text.as_deref().unwrap_or_default();
            call.record_with(SERVER_HANDLE_FINISH, crate::rpc::EventStatus::Error, said);
        }
        call.set_status(match self.is_grpc {
            true => RpcStatus::Grpc(13),
            false => RpcStatus::Http(500),
        });
        if self.is_grpc {
            response::tell_finish(&call, text.as_deref());
        }
        call.panicked(text);
        self.answer_panics.then(|| panic_answer(self.is_grpc))
    }
}

fn panic_answer<B>(is_grpc: bool) -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::empty());
    if is_grpc {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from_static("13"));
        headers.insert(
            "grpc-message",
            HeaderValue::from_static("the handler panicked"),
        );
    } else {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    response
}

/// With the flags that the service below is told.
#[inline(never)]
fn tell_trace<B>(call: &RpcCall, random: bool, response: &mut Response<B>) {
    const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
    let Some(ids) = call.info().and_then(|info| info.ids()) else {
        return;
    };
    let random = if random { RANDOM } else { 0 };
    let flags = random | u8::from(ids.sampled);
    let text = traceparent::format(ids.trace_id, ids.span_id, flags);
    if let Ok(value) = HeaderValue::from_str(text.as_str()) {
        response.headers_mut().insert(TRACERESPONSE, value);
    }
}
